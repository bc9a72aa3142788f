"use strict";
for (const dub of document.querySelectorAll(".dub")) {
  const players = [...dub.querySelectorAll("audio, video")];
  const rows = [...dub.querySelectorAll("tr[data-at]")];
  const times = rows.map((row) => Number(row.dataset.at));
  let latest = players[players.length - 1];
  let marked = null;

  const mark = (time) => {
    let at = times.length - 1;
    while (at > 0 && times[at] > time + 0.05) at -= 1;
    if (rows[at] === marked) return;
    if (marked) { marked.classList.remove("now"); marked.removeAttribute("aria-current"); }
    marked = rows[at] || null;
    if (marked) { marked.classList.add("now"); marked.setAttribute("aria-current", "true"); }
  };

  const follow = (leader) => {
    for (const other of players) {
      if (other !== leader && Math.abs(other.currentTime - leader.currentTime) > 0.2) other.currentTime = leader.currentTime;
    }
    mark(leader.currentTime);
  };

  for (const player of players) {
    player.addEventListener("play", () => {
      latest = player;
      for (const other of document.querySelectorAll("audio, video")) if (other !== player) other.pause();
    });
    player.addEventListener("pause", () => {
      if (player === latest || latest.paused) follow(player);
      else latest.currentTime = player.currentTime;
    });
    player.addEventListener("seeked", () => { if (player === latest || latest.paused) follow(player); });
    player.addEventListener("timeupdate", () => { if (!player.paused) mark(player.currentTime); });
    const sources = player.querySelectorAll("source");
    sources[sources.length - 1].addEventListener("error", () => {
      player.parentElement.querySelector(".gone").hidden = false;
    });
  }

  dub.querySelector("tbody").addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-at]");
    if (!row || String(getSelection())) return;
    for (const player of players) player.currentTime = Number(row.dataset.at);
    mark(Number(row.dataset.at));
    latest.play().catch(() => {});
  });

  dub.querySelector(".times input")?.addEventListener("input", (event) => {
    dub.querySelector(".times svg").style.width = `${event.target.value * 100}%`;
  });

  dub.querySelector(".filter input")?.addEventListener("change", (event) => {
    dub.querySelector("table").classList.toggle("only-done", event.target.checked);
  });
}
