// Logs in with the code after the # of the address, which no server and no log has seen.

const status = document.getElementById("status");
const code = location.hash.slice(1);

async function logIn() {
  history.replaceState(null, "", location.pathname);
  status.textContent = status.dataset.busy;
  try {
    const answer = await fetch("/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    const found = await answer.json();
    if (answer.ok) {
      location.replace(found.path);
      return;
    }
    status.textContent = found.error.message;
  } catch {
    status.textContent = status.dataset.gone;
  }
}

if (code) {
  logIn();
}
