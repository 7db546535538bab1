"""Starting up: what is known then, and what is said where it cannot work."""

import dataclasses
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from servey_core import (
    DuplicateActionError,
    PluginError,
    SettingsError,
    SignatureError,
    Trigger,
    UnknownNameError,
    UnservedTriggerError,
    action,
    action_of,
    start,
)


@dataclasses.dataclass(frozen=True)
class Tide(Trigger):
    """Runs an action at high tide."""

    served_by: ClassVar[str] = "servey-tides"


@dataclasses.dataclass(frozen=True)
class Moon(Trigger):
    """Runs an action at full moon."""


@action(triggers=[Tide(), Moon()])
def measure(depth: float) -> float:
    return depth


PLACE = f"{Path(__file__)}:{measure.__code__.co_firstlineno}"


def started(*functions, **given):
    found = [action_of(function) for function in functions]
    return start(actions=found, given=given)


@pytest.fixture(autouse=True)
def _only_tides(workplace, monkeypatch):
    """A folder of its own, and no plugin but `tides`, where a test installs it."""
    monkeypatch.setenv("SERVEY_PLUGINS_DENY", "web,rest,graphql,channels,filewatch")


class TestRuntime:
    def test_has_an_invoker_for_each_action_and_a_binding_for_each_trigger(self):
        runtime = started(measure)
        assert list(runtime.actions) == ["measure"]
        assert runtime.invoker("measure").action is runtime.actions["measure"]
        assert [str(binding) for binding in runtime.bindings] == [
            "measure on Tide",
            "measure on Moon",
        ]

    def test_is_immutable(self):
        runtime = started(measure)
        with pytest.raises(dataclasses.FrozenInstanceError):
            runtime.actions = {}
        with pytest.raises(TypeError):
            runtime.actions["other"] = None

    def test_an_unknown_action_suggests_the_nearest(self):
        with pytest.raises(UnknownNameError) as caught:
            started(measure).invoker("measur")
        assert str(caught.value) == "No action is named 'measur'. Did you mean 'measure'?"

    def test_an_unknown_generator_is_named(self):
        with pytest.raises(UnknownNameError, match="No generator is named 'opnapi'"):
            started(measure).generate("opnapi")

    def test_an_unknown_authorizer_suggests_the_nearest(self):
        with pytest.raises(UnknownNameError) as caught:
            _ = started(measure, authorizer="jwtt").authorizer
        assert str(caught.value) == "No authorizer is named 'jwtt'. Did you mean 'jwt'?"

    def test_only_the_chosen_authorizer_is_made(self):
        runtime = started(measure, env="production")
        with pytest.raises(SettingsError):
            _ = runtime.authorizer

    def test_an_annotation_that_cannot_work_is_named_with_its_place(self):
        @action
        def broken(depth) -> float: ...

        with pytest.raises(SignatureError, match=r"Action 'broken' \(.*:\d+\): parameter 'depth'"):
            started(broken)

    def test_an_action_of_a_plugin_and_one_of_the_application_cannot_share_a_name(
        self, workplace, monkeypatch
    ):
        workplace.write(
            "tidal.py",
            """
            from servey_core import action, action_of, hookimpl

            @action
            def measure() -> int: ...

            @hookimpl
            def servey_actions():
                return action_of(measure)
            """,
        )
        monkeypatch.setenv("SERVEY_PLUGIN_MODULES", "tidal")
        with pytest.raises(DuplicateActionError) as caught:
            started(measure)
        assert PLACE in str(caught.value)
        assert "tidal.py:4" in str(caught.value)

    def test_the_folder_is_imported_from_once(self, workplace, monkeypatch):
        monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(workplace.folder)])
        started(measure)
        started(measure)
        assert sys.path.count(str(workplace.folder)) == 1


class TestUnservedTriggers:
    def unserved(self):
        with pytest.raises(UnservedTriggerError) as caught:
            started(measure).require_served([])
        tide, moon = str(caught.value).splitlines()
        assert moon == (
            f"No plugin serves the trigger Moon() of action 'measure' ({PLACE}): "
            "install its plugin."
        )
        start, _, cure = tide.partition("): ")
        assert start == f"No plugin serves the trigger Tide() of action 'measure' ({PLACE}"
        return cure

    def test_the_distribution_to_install_is_named(self):
        assert self.unserved() == "pip install servey-tides"

    def test_a_plugin_that_is_denied_is_named(self, workplace, monkeypatch):
        workplace.install("tides", "1 / 0")
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", "tides,web,rest,graphql,channels,filewatch")
        assert self.unserved() == (
            "servey-tides is installed, but its plugin 'tides' is denied. "
            "Look at the settings SERVEY_PLUGINS and SERVEY_PLUGINS_DENY."
        )

    def test_a_plugin_that_is_not_allowed_is_named(self, workplace, monkeypatch):
        workplace.install("tides", "1 / 0", distribution="Servey_Tides")
        workplace.install("other", "")
        monkeypatch.setenv("SERVEY_PLUGINS", "other")
        assert "its plugin 'tides' is denied" in self.unserved()

    def test_a_plugin_that_is_broken_is_named(self, workplace, monkeypatch):
        workplace.install("tides", "1 / 0")
        with pytest.raises(PluginError):
            started(measure)
        monkeypatch.setenv("SERVEY_STRICT", "no")
        assert self.unserved() == (
            "Plugin 'tides' (distribution 'servey-tides'): it cannot be loaded: "
            "ZeroDivisionError('division by zero')"
        )

    def test_a_plugin_that_does_not_serve_it_is_named(self, workplace):
        workplace.install("tides", "")
        assert self.unserved() == (
            "servey-tides is installed, but serves no such trigger. Is another version needed?"
        )
