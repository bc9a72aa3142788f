"""The page of all jobs, in a real browser, with a real server and a real daemon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.served import Served

Open = Callable[..., Page]
LARGE_BYTES = 200_000_000
BYTES_A_S = 40_000_000


def a_text(folder: Path, name: str = "Olá & mundo.txt") -> Path:
    made = folder / name
    made.write_text("Good morning.", encoding="utf-8")
    return made


def test_a_file_that_is_chosen_is_sent_and_its_job_is_seen_to_its_end(
    served: Callable[..., Served], opened: Open, tmp_path: Path
) -> None:
    page = opened(served())
    page.set_input_files("#files", [a_text(tmp_path)])
    expect(page.locator("#uploads a")).to_have_text("Job 1")
    row = page.locator("#job-1")
    expect(row).to_contain_text("Olá & mundo.txt")
    expect(row.locator(".state")).to_contain_text("succeeded")


def test_a_large_upload_continues_after_the_server_was_killed(
    served: Callable[..., Served], opened: Open, tmp_path: Path
) -> None:
    one = served()
    page = opened(one, expected=("ERR_", "Failed to load resource"))
    slow = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_A_S}
    slow.send("Network.emulateNetworkConditions", limits)
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.write(b"RIFF\xff\xff\xff\xffWAVE")
        file.truncate(LARGE_BYTES)
    page.set_input_files("#files", [large])
    page.wait_for_function("() => document.querySelector('#uploads progress').value > 70e6")
    one.process().kill()
    expect(page.locator("#uploads a")).to_have_text("Job 1")
    [job] = one.site.rows("SELECT size FROM job")
    assert job["size"] == LARGE_BYTES


def test_what_is_refused_says_why_and_what_to_do(served: Callable[..., Served], opened: Open, tmp_path: Path) -> None:
    page = opened(served(), expected=("status of 415", "status of 400"))
    page.set_input_files("#files", [a_text(tmp_path, "program.exe")])
    expect(page.locator("#uploads .bad")).to_contain_text("program.exe is not accepted")


def test_without_events_the_page_says_that_it_may_be_old_and_asks_by_itself(
    served: Callable[..., Served], opened: Open, tmp_path: Path
) -> None:
    """A proxy that holds back what it is sent looks like a stream on which nothing comes."""
    one = served()
    page = opened(one)
    page.route("**/v1/events", lambda _route: None)
    page.clock.install()
    page.reload()
    one.ask("/v1/jobs", {"text": "Good morning.", "name": "new.txt"})
    page.clock.fast_forward(25_000)
    expect(page.locator("#stale")).to_contain_text("may be old")
    expect(page.locator("#job-1")).to_contain_text("new.txt")


def test_eight_tabs_share_one_stream_and_all_show_what_happens(served: Callable[..., Served], opened: Open) -> None:
    one = served()
    first = opened(one)
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for tab in tabs[1:]:
        tab.goto(f"{one.address}/")
    one.ask("/v1/jobs", {"text": "Good morning.", "name": "new.txt"})
    for tab in tabs:
        expect(tab.locator("#job-1")).to_contain_text("new.txt")


def test_jobs_are_paused_and_resumed_by_keyboard_alone(served: Callable[..., Served], opened: Open) -> None:
    one = served()
    one.ask("/v1/daemon/pause", method="POST")
    one.ask("/v1/jobs", {"text": "Good morning.", "name": "new.txt"})
    page = opened(one)
    expect(page.locator("#daemon-state")).to_contain_text("All jobs are paused")
    page.get_by_role("button", name="Pause job 1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_have_text("1 changed.")
    expect(page.locator("#job-1 .state")).to_contain_text("waiting")
    page.get_by_role("button", name="Resume job 1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#job-1 .state")).to_contain_text("queued")
    one.ask("/v1/jobs", {"text": "Good night.", "name": "later.txt"})
    expect(page.locator("#job-2")).to_be_visible()
    expect(page.locator("#message")).to_have_text("1 changed.")


def test_the_page_speaks_the_language_of_the_browser(served: Callable[..., Served], opened: Open) -> None:
    page = opened(served(), locale="pt-BR")
    expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    expect(page.locator("h1")).to_have_text("Trabalhos")


def test_a_file_can_be_dropped_anywhere(served: Callable[..., Served], opened: Open) -> None:
    page = opened(served())
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["Good morning."], "dropped.txt", { type: "text/plain" }));
          for (const kind of ["dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
          }
        }"""
    )
    expect(page.locator("#uploads")).to_contain_text("dropped.txt")
    expect(page.locator("#job-1")).to_contain_text("dropped.txt")


def test_an_upload_continues_after_the_page_was_loaded_again(
    served: Callable[..., Served], opened: Open, tmp_path: Path
) -> None:
    one = served()
    page = opened(one, expected=("ERR_", "Failed to load resource"))
    slow = page.context.new_cdp_session(page)
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_A_S},
    )
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.write(b"RIFF\xff\xff\xff\xffWAVE")
        file.truncate(LARGE_BYTES)
    page.set_input_files("#files", [large])
    page.wait_for_function("() => document.querySelector('#uploads progress').value > 40e6")
    page.reload()
    expect(page.locator("#uploads")).to_contain_text("large.wav was not finished")
    page.set_input_files("#files", [large])
    page.wait_for_function("() => document.querySelector('#uploads progress')?.value > 30e6")
    expect(page.locator("#uploads a")).to_have_text("Job 1")
    expect(page.locator("#uploads")).not_to_contain_text("was not finished")
    assert len(one.site.rows("SELECT id FROM job")) == 1


def test_what_is_said_of_the_daemon_is_always_true(served: Callable[..., Served], opened: Open) -> None:
    one = served()
    page = opened(one)
    expect(page.locator("#daemon-state")).to_contain_text("The daemon is running")
    page.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 500))")
    one.ask("/v1/daemon/pause", method="POST")
    expect(page.locator("#daemon-state")).to_contain_text("All jobs are paused")
    page.get_by_role("button", name="Resume all").click()
    expect(page.locator("#daemon-state")).to_contain_text("The daemon is running")
