"""Where settings come from: the default, a line of the file, or the environment; and what waits for a restart."""

from __future__ import annotations

from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.config.origins import SettingsView, SettingView, settings_view
from dropdub.config.template import descriptions


def view(
    tmp_path: Path, text: str, environ: dict[str, str] | None = None, before: Config | None = None
) -> SettingsView:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return settings_view(before or load_config(file), file, environ or {})


def one(found: SettingsView, name: str) -> SettingView:
    return next(setting for setting in found.settings if setting.name == name)


def test_each_setting_has_its_source_and_its_default(tmp_path: Path) -> None:
    found = view(tmp_path, "job:\n  targets: [pt]\nlimits:\n  max_size: 2 GB\n", {"DROPDUB_LOG__LEVEL": "debug"})
    targets, size = one(found, "job.targets"), one(found, "limits.max_size")
    assert (targets.value, targets.default, targets.source, targets.line) == (["pt"], [], "file", 2)
    assert (size.value, size.default, size.line) == (2_000_000_000, 50_000_000_000, 4)
    assert (one(found, "log.level").source, one(found, "log.level").variable) == ("environment", "DROPDUB_LOG__LEVEL")
    assert one(found, "web.port").source == "default"
    assert found.problem is None and found.after_restart == {}


def test_a_variable_that_holds_a_section_is_the_source_of_what_it_sets(tmp_path: Path) -> None:
    found = view(tmp_path, "", {"dropdub_web": '{"port": 9000}'})
    assert (one(found, "web.port").variable, one(found, "web.bind").variable) == ("DROPDUB_WEB", None)


def test_what_needs_a_restart_waits_and_what_does_not_need_one_does_not(tmp_path: Path) -> None:
    found = view(tmp_path, "web: {port: 9000}\njob: {targets: [es]}\n", before=Config())
    assert found.after_restart == {"web.port": 9000}


def test_secrets_are_masked_wherever_they_are_shown(tmp_path: Path) -> None:
    webhook = "{url: 'https://h.example/?key=geheim', secret: geheimgeheimgeheim}"
    text = f"notify: {{webhook: {webhook}}}\nweb: {{password: geheim-123}}\n"
    assert "geheim" not in str(view(tmp_path, text))
    assert "geheim" not in str(view(tmp_path, text, before=Config()))


def test_a_file_that_cannot_be_used_is_reported_and_what_is_in_force_stays(tmp_path: Path) -> None:
    found = view(tmp_path, "web: {port: none}\n", before=Config())
    assert found.problem is not None and "web.port" in found.problem
    assert one(found, "web.port").value == 8760


def test_every_setting_has_a_description(tmp_path: Path) -> None:
    assert [setting.name for setting in view(tmp_path, "").settings if not descriptions()[setting.name]] == []


def test_settings_below_one_comment_share_it_and_the_next_comment_replaces_it() -> None:
    found = descriptions()
    assert found["job.initial_prompt"] == found["job.hotwords"] != found["job.cleanup"]
    assert found["job.language"] == "The language spoken in the recording; auto detects it."
