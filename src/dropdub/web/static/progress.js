// Shows how far a job is.

import { duration } from "./times.js";

const stages = JSON.parse(document.querySelector("[data-stages]").dataset.stages);

/** Write the progress of a job, as an event has it, into the row or place with its number; nothing if it has no bar. */
export function showProgress(job) {
  const place = document.getElementById(`job-${job.id}`);
  const bar = place?.querySelector("progress");
  if (!bar) {
    return;
  }
  bar.value = job.progress;
  place.querySelector("[data-share]").textContent = `${Math.floor(100 * job.progress)} %`;
  place.querySelector("[data-stage]").textContent = stages[job.stage] ?? job.stage ?? "";
  const left = place.querySelector("[data-left]");
  left.textContent = job.remaining_s === null ? "" : left.dataset.text.replace("{time}", duration(job.remaining_s));
}
