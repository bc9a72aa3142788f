"""Root and database recognise each other, and paths follow a root that was moved."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.daemon.start.belonging import Belonging, take_root
from dropdub.daemon.start.rescue import Stray, strays
from dropdub.errors import FolderAway, RootRefused
from dropdub.operations.place import Place as Place_
from dropdub.root import Root
from dropdub.root_record import Place, RootRecord, marker
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.migrations import REVISIONS
from dropdub.store.owner import read_owner, refuse_away, refuse_foreign
from dropdub.store.root_problems import troubles
from tests.factories import NOW, a_queued_job
from tests.released_schema import SCHEMAS


def a_root(path: Path, **folders: str) -> Root:
    root = Root.at(path, folders)
    root.create_folders()
    root.config_file.touch()
    return root


def started(root: Root) -> Belonging:
    """Do to a root what the start of its daemon does."""
    with closing(Store.open(root.database_url)) as store:
        return take_root(root, root.database_url, store)


def with_original(root: Root, name: str = "clip.mp4") -> Path:
    """Queue a job in a root, whose original is in its work folder, and which has published something."""
    with closing(Store.open(root.database_url)) as store:
        job = a_queued_job(store, name=name)
        assert job.id is not None
        source = root.job_dir(job.id) / "source" / name
        source.parent.mkdir(parents=True)
        source.write_text(name, encoding="utf-8")
        transitions.claim_outbox(store, job.id, choose=lambda taken: str(root.outbox / "clip"))
    with closing(sqlite3.connect(root.database_file)) as connection, connection:
        connection.execute("UPDATE job SET source = ?", (str(source),))
    return source


def only_job(root: Root) -> dict[str, object]:
    with closing(sqlite3.connect(root.database_file)) as connection:
        connection.row_factory = sqlite3.Row
        return dict(connection.execute("SELECT * FROM job").fetchone())


# -- ids ----------------------------------------------------------------------------------------------------------


def test_root_and_database_get_one_id_and_keep_it(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    first, second = started(root), started(root)
    owner, record = read_owner(root.database_url), RootRecord.load(root.path)
    assert owner is not None and record is not None
    assert owner.id == record.id == first.record.id == second.record.id
    assert owner.starts == record.starts == 2 and owner.path == str(root.path)
    assert first.notes == second.notes == ()


def test_a_new_database_beside_a_root_that_was_started_is_noted(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    id_ = started(root).record.id
    root.database_file.unlink()
    again = started(root)
    assert again.record.id == id_ and "is new" in again.notes[0]
    assert started(root).notes == ()


def test_an_older_copy_of_the_database_is_noted(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    started(root)
    shutil.copyfile(root.database_file, tmp_path / "older")
    started(root)
    for file in tmp_path.glob("jobs.db*"):
        file.unlink()
    shutil.copyfile(tmp_path / "older", root.database_file)
    assert "is an older copy" in started(root).notes[0]
    assert started(root).notes == ()


def test_root_whose_record_is_lost_gets_the_id_of_its_database(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    id_ = started(root).record.id
    (root.path / ".dropdub.json").write_text("no JSON", encoding="utf-8")
    assert started(root).record.id == id_


def test_a_database_that_was_made_for_another_root_is_refused(tmp_path: Path) -> None:
    one, other = a_root(tmp_path / "one"), a_root(tmp_path / "other")
    started(one)
    started(other)
    shutil.copyfile(one.database_file, other.database_file)
    with pytest.raises(RootRefused, match="is the database of another root"):
        refuse_foreign(other, other.database_url)
    shutil.rmtree(one.path)
    with pytest.raises(RootRefused, match="is not the database of this root"):
        started(other)
    (other.path / ".dropdub.json").unlink()
    started(other)


# -- moved and copied ---------------------------------------------------------------------------------------------


def test_paths_follow_a_root_that_was_moved(tmp_path: Path) -> None:
    old = a_root(tmp_path / "old")
    source = with_original(old)
    started(old)
    old.path.rename(tmp_path / "new ação")
    new = Root.at(tmp_path / "new ação")
    id_ = started(new).record.id
    job = only_job(new)
    assert job["source"] == str(new.path / source.relative_to(old.path))
    assert job["published"] == str(new.outbox / "clip")
    assert id_ == RootRecord.load(new.path).id and read_owner(new.database_url).path == str(new.path)  # type: ignore[union-attr]


def test_copy_gets_its_own_id_and_paths(tmp_path: Path) -> None:
    old = a_root(tmp_path / "old")
    source = with_original(old)
    id_ = started(old).record.id
    shutil.copytree(old.path, tmp_path / "copy")
    copy = Root.at(tmp_path / "copy")
    belonging = started(copy)
    assert belonging.record.id != id_ and belonging.record.former == (id_,)
    assert only_job(copy)["source"] == str(copy.path / source.relative_to(old.path))
    assert only_job(old)["source"] == str(source)
    assert started(old).record.id == id_ and started(copy).record.id == belonging.record.id


def test_copy_whose_first_start_was_killed_between_record_and_database_is_completed(tmp_path: Path) -> None:
    old = a_root(tmp_path / "old")
    with_original(old)
    started(old)
    shutil.copytree(old.path, tmp_path / "copy")
    copy = Root.at(tmp_path / "copy")
    record = RootRecord.load(copy.path)
    assert record is not None
    replace(record, id="new", former=(record.id,)).save(copy)
    assert started(copy).record.former[0] == record.id
    assert str(only_job(copy)["source"]).startswith(str(copy.path))


def test_root_reached_through_link_is_not_a_copy_and_keeps_its_id(tmp_path: Path) -> None:
    root = a_root(tmp_path / "real")
    source = with_original(root)
    id_ = started(root).record.id
    (tmp_path / "link").symlink_to(root.path)
    assert started(Root.at(tmp_path / "link")).record.id == id_
    assert only_job(root)["source"] == str(tmp_path / "link" / source.relative_to(root.path))
    assert started(root).record.id == id_ and only_job(root)["source"] == str(source)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_root_of_every_released_revision_may_be_moved_before_it_is_upgraded(tmp_path: Path, revision: str) -> None:
    """Before revision 0004 a database did not say where its root was: it is derived from the unfinished originals."""
    root = a_root(tmp_path / "new")
    with closing(sqlite3.connect(root.database_file)) as connection, connection:
        connection.executescript((SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8"))
        connection.execute(
            "UPDATE job SET source = '/old/root/work/' || id || '/source/' || name WHERE name = 'queued.mp4'"
        )
        connection.execute("UPDATE job SET published = '/old/root/outbox/x' WHERE name = 'queued.mp4'")
        if revision >= "0004":
            connection.execute("UPDATE owner SET path = '/old/root', places = '{\"work\": \"/old/root/work\"}'")
        [(id_, name)] = connection.execute("SELECT id, name FROM job WHERE name = 'queued.mp4'").fetchall()
    source = root.job_dir(id_) / "source" / name
    source.parent.mkdir(parents=True)
    source.touch()
    started(root)
    with closing(Store.open(root.database_url)) as store:
        job = queries.job(store, id_)
    assert (job.source, job.published) == (str(source), str(root.outbox / "x"))


# -- disks that are away ------------------------------------------------------------------------------------------


def on_another_disk(root: Root, name: str, folder: Path) -> RootRecord:
    """Record that a folder was on another disk, where it had its marker."""
    record = started(root).record
    record = replace(record, places={**record.places, name: Place(str(folder), separate=True)})
    record.save(root)
    return record


def test_work_folder_without_its_marker_is_missing_if_it_was_on_another_disk(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    record = on_another_disk(root, "work", root.work)
    refuse_away(root, root.database_url)
    marker(root.work, record.id).unlink()
    with pytest.raises(FolderAway, match="work"):
        refuse_away(root, root.database_url)
    assert [trouble.blocks for trouble in troubles(root, root.database_url)] == [True]


def test_work_folder_deleted_on_the_roots_own_disk_is_not_waited_for(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    started(root)
    shutil.rmtree(root.work)
    refuse_away(root, root.database_url)


def test_a_work_folder_that_lost_the_files_of_jobs_is_waited_for(tmp_path: Path) -> None:
    """Also on the root's own disk: something may have been mounted over it."""
    root = a_root(tmp_path)
    with_original(root)
    started(root)
    shutil.rmtree(root.work)
    root.work.mkdir()
    with pytest.raises(FolderAway, match="is not the folder that earlier starts used") as caught:
        refuse_away(root, root.database_url)
    assert "--accept-missing" in caught.value.remedy


def test_a_copy_whose_folders_are_links_to_those_of_its_original_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "work").symlink_to(tmp_path / "big")
    old = a_root(tmp_path / "old")
    started(old)
    shutil.copytree(old.path, tmp_path / "copy", symlinks=True)
    with pytest.raises(RootRefused, match="both use the same work"):
        refuse_foreign(Root.at(tmp_path / "copy"), Root.at(tmp_path / "copy").database_url)


def test_root_whose_files_were_moved_one_by_one_is_not_a_copy(tmp_path: Path) -> None:
    """`mv OLD/* NEW/` leaves the hidden record behind."""
    old, new = a_root(tmp_path / "old"), tmp_path / "new"
    source = with_original(old)
    started(old)
    new.mkdir()
    for path in list(old.path.glob("[!.]*")):
        path.rename(new / path.name)
    started(Root.at(new))
    assert only_job(Root.at(new))["source"] == str(new / source.relative_to(old.path))


def test_root_without_record_refuses_database_of_root_it_cannot_inspect(tmp_path: Path) -> None:
    one, other = a_root(tmp_path / "one"), a_root(tmp_path / "other")
    started(one)
    (one.path / ".dropdub.json").unlink()  # as if it were unreadable
    with pytest.raises(RootRefused, match="another root"):
        refuse_foreign(other, one.database_url)


def test_database_is_missing_only_if_its_folder_has_lost_its_marker(tmp_path: Path) -> None:
    root = a_root(tmp_path / "root")
    disk = tmp_path / "disk"
    disk.mkdir()
    record = on_another_disk(root, "database", disk)
    url = f"sqlite:///{disk / 'jobs.db'}"
    with pytest.raises(FolderAway, match="database"):
        refuse_away(root, url)
    with pytest.raises(FolderAway, match="database"):
        Place_(root, url).store()
    assert not (disk / "jobs.db").exists()
    marker(disk, record.id).touch()
    refuse_away(root, url)  # the disk is mounted: someone deleted the database


def test_work_folder_cannot_be_changed_without_moving_its_unfinished_files(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    with_original(root)
    started(root)
    other = a_root(tmp_path, work="other work")
    with pytest.raises(FolderAway, match=r"folders\.work"):
        refuse_away(other, root.database_url)
    for path in list(root.work.glob("[0-9]*")):  # as `mv OLD/* NEW/` does: hidden files stay
        path.rename(other.work / path.name)
    refuse_away(other, root.database_url)
    started(other)
    assert str(only_job(root)["source"]).startswith(str(other.work))


# -- strays -------------------------------------------------------------------------------------------------------


def test_files_that_belong_together_are_rescued_together() -> None:
    folder = Path("work/7/source")
    names = ["clip.mp4", "clip.mp4.job.yaml", "clip.en.srt", "notes.txt", "lost.mp3.job.yaml"]
    assert strays([folder / name for name in names]) == [
        Stray(folder / "clip.mp4", folder / "clip.mp4.job.yaml", folder / "clip.en.srt"),
        Stray(folder / "notes.txt"),
        Stray(folder / "lost.mp3.job.yaml"),
    ]


def test_a_rescued_original_keeps_its_number_unless_another_job_has_it(tmp_path: Path) -> None:
    with closing(Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")) as store:
        values = {"source": "/w/7/source/a", "destination": "/failed/a", "reason": "?", "remedy": "", "now": NOW}
        first = transitions.rescue_job(store, name="a", wanted_id=7, **values)  # type: ignore[arg-type]
        second = transitions.rescue_job(store, name="b", wanted_id=7, **values)  # type: ignore[arg-type]
    assert (first.id, second.id) == (7, 8)
