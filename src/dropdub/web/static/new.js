// Shows, while options are chosen, the file that does the same, and sends files with these options.

import { show as showText } from "./texts.js";
import { describeUploads } from "./upload.js";

const PAUSE_MS = 250;

const form = document.getElementById("new");
const sidecar = document.getElementById("sidecar");
const help = document.getElementById("sidecar-help");
const problem = document.getElementById("problem");
let waiting = null;
let newest = 0;

async function asked() {
  const fields = new FormData(form);
  fields.delete("text");
  const answer = await fetch("/new/options", { method: "POST", body: new URLSearchParams(fields) });
  if (!answer.ok) {
    throw new Error(answer.statusText);
  }
  return answer.json();
}

async function show() {
  const number = (newest += 1);
  const found = await asked();
  if (number === newest) {
    problem.hidden = found.problem === null;
    problem.textContent = found.problem ?? "";
    help.hidden = found.problem !== null;
    sidecar.parentElement.hidden = found.yaml === "" || found.problem !== null;
    sidecar.textContent = found.yaml;
    const folder = found.profile ? help.dataset.profile.replace("{profile}", found.profile) : "";
    help.textContent = `${found.yaml ? help.dataset.some : help.dataset.none} ${folder}`;
    showUsual(found.usual);
    markWrong(found.param ?? "", found.problem ?? "");
  }
  return found;
}

function showUsual(usual) {
  for (const [name, text] of Object.entries(usual)) {
    const field = form.elements[`option.${name}`];
    if (field instanceof HTMLSelectElement) {
      field.options[0].textContent = field.options[0].dataset.usual.replace("{usual}", text);
    } else if (field && "placeholder" in field) {
      field.placeholder = text;
    }
  }
}

function markWrong(param, why) {
  for (const one of form.querySelectorAll("[data-option]")) {
    const name = one.dataset.option;
    const isWrong = param === name || param.startsWith(`${name}[`) || param.startsWith(`${name}.`);
    for (const field of one.querySelectorAll("input, select, textarea")) {
      field.setAttribute("aria-invalid", isWrong);
    }
    showText(one.querySelector("[data-wrong]"), isWrong ? why : "");
  }
}

form.addEventListener("input", (event) => {
  if (event.target.name?.startsWith("option.") || event.target.name === "profile") {
    clearTimeout(waiting);
    waiting = setTimeout(() => show().catch(() => {}), PAUSE_MS);
  }
});

describeUploads(async () => {
  const found = await show();
  if (found.problem !== null) {
    problem.scrollIntoView({ block: "center" });
    return null;
  }
  const profile = found.profile ? { profile: found.profile } : {};
  return { options: JSON.stringify(found.options), ...profile };
});
