// Speaks a text at once: a job records it, and its sound is played while it is being spoken.
//
// A button with `data-speak` names the fields with the text, the voice and the language, and where to put the sound.

import { refusal } from "./asking.js";

function value(name) {
  return name ? document.getElementById(name).value.trim() : "";
}

async function speak(button) {
  const place = document.getElementById(button.dataset.sound);
  const [status, audio] = [place.querySelector("[role=status]"), place.querySelector("audio")];
  const text = value(button.dataset.text);
  const say = (words, kind) => {
    place.className = `sound ${kind}`;
    status.textContent = words;
  };
  place.hidden = false;
  audio.hidden = true;
  if (!text) {
    say(place.dataset.empty, "warning");
    return;
  }
  say(place.dataset.waiting, "");
  const voice = button.dataset.fixedVoice || value(button.dataset.voice) || null;
  const body = JSON.stringify({ text, voice, language: value(button.dataset.language) || null, wait: 0 });
  const answer = await fetch("/v1/synthesize", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) {
    say((await refusal(answer)).message, "bad");
    return;
  }
  const job = answer.headers.get("X-Dropdub-Job");
  await answer.body?.cancel();
  audio.onplaying = () => say(place.dataset.spoken.replace("{job}", job), "");
  audio.onerror = async () => {
    audio.hidden = true;
    say((await refusal(await fetch(`/v1/jobs/${job}/audio?format=mp3`))).message, "bad");
  };
  audio.hidden = false;
  audio.src = `/v1/jobs/${job}/audio?format=mp3`;
  await audio.play().catch(() => {});
}

for (const button of document.querySelectorAll("[data-speak]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    button.disabled = true;
    speak(button).finally(() => {
      button.disabled = false;
    });
  });
}
