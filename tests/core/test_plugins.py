"""Finding plugins, loading them, and what is said of broken ones."""

import sys
from textwrap import dedent

import pytest

from servey_core import (
    Command,
    ConfigurationError,
    Generator,
    PluginError,
    UnknownNameError,
    start,
)
from servey_core.plugins import APPLICATION, Plugin, Plugins, load_plugins

GENERATOR = """
    from servey_core import Generator, hookimpl

    @hookimpl
    def servey_generators():
        return [Generator({name!r}, "Nothing.", lambda runtime: [])]
"""


def find(plugins: Plugins, name: str) -> Plugin:
    return next(plugin for plugin in plugins.all if plugin.name == name)


def load(name: str) -> Plugin:
    """Load one installed plugin, and no other."""
    return find(load_plugins(allow=[name]), name)


def broken(name: str) -> str:
    """Why a plugin is broken."""
    error = load(name).error
    assert error is not None
    return str(error)


class TestLoading:
    def test_an_installed_plugin_is_known_with_its_distribution(self, workplace) -> None:
        workplace.install("empty_boxes", GENERATOR.format(name="boxes"), distribution="box-maker")
        plugin = load("empty_boxes")
        assert plugin == Plugin(
            "empty_boxes", "box_maker_plugin", "box-maker", "1.2", hooks=("servey_generators",)
        )

    def test_one_that_exits_is_broken_and_ends_nothing(self, workplace) -> None:
        workplace.install("leaver", "raise SystemExit(3)")
        assert "it cannot be loaded: SystemExit(3)" in broken("leaver")

    def test_the_cores_own_is_always_there(self) -> None:
        core = find(load_plugins(), "core")
        assert core.distribution == "servey-core"
        assert "servey_authorizers" in core.hooks

    def test_modules_of_the_application_need_no_distribution(self, workplace) -> None:
        workplace.write("my_hooks.py", GENERATOR.format(name="mine"))
        plugins = load_plugins(modules=["my_hooks"])
        assert find(plugins, "my_hooks").distribution == APPLICATION
        assert "mine" in plugins.collect_named("servey_generators", Generator)

    def test_a_function_without_the_marker_is_no_hook(self, workplace) -> None:
        workplace.install("plain", "def servey_generators():\n    raise AssertionError\n")
        assert load("plain").hooks == ()


class TestAllowAndDeny:
    def test_a_denied_plugin_is_not_even_imported(self, workplace) -> None:
        workplace.install("explosive", "raise SystemExit('imported')", module="explosive_module")
        plugin = find(load_plugins(deny=["explosive"]), "explosive")
        assert plugin.denied
        assert plugin.error is None
        assert "explosive_module" not in sys.modules

    def test_a_plugin_that_is_not_allowed_is_not_even_imported(self, workplace) -> None:
        workplace.install("explosive", "raise SystemExit('imported')", module="explosive_module")
        workplace.install("calm", GENERATOR.format(name="calm"))
        plugins = load_plugins(allow=["calm"])
        assert find(plugins, "explosive").denied
        assert not find(plugins, "calm").denied
        assert "explosive_module" not in sys.modules

    def test_the_settings_decide(self, workplace, monkeypatch: pytest.MonkeyPatch) -> None:
        workplace.install("explosive", "raise SystemExit('imported')")
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", "core, explosive")
        assert find(start(actions=()).plugins, "explosive").denied

    def test_an_unknown_name_suggests_the_nearest(self, workplace) -> None:
        workplace.install("filewatch", "")
        with pytest.raises(UnknownNameError) as caught:
            load_plugins(allow=["filewach"])
        assert str(caught.value) == (
            "No installed plugin is named 'filewach'. Did you mean 'filewatch'?"
        )


class TestBrokenPlugins:
    def test_a_module_that_fails_is_named_with_its_distribution(self, workplace) -> None:
        workplace.install("bad", "import nowhere_to_be_found", distribution="bad-dist")
        assert broken("bad") == (
            "Plugin 'bad' (distribution 'bad-dist'): it cannot be loaded: "
            """ModuleNotFoundError("No module named 'nowhere_to_be_found'")"""
        )

    def test_the_cause_is_kept(self, workplace) -> None:
        workplace.install("bad", "import nowhere_to_be_found")
        error = load("bad").error
        assert error is not None
        assert isinstance(error.__cause__, ModuleNotFoundError)

    def test_a_module_that_is_not_there(self, workplace) -> None:
        workplace.install_entry_point("absent", "absent_module", "absent-dist")
        assert "No module named 'absent_module'" in broken("absent")

    def test_a_mistyped_hook(self, workplace) -> None:
        workplace.install(
            "typo",
            """
            from servey_core import hookimpl

            @hookimpl
            def servey_comands():
                return []
            """,
        )
        assert broken("typo") == (
            "Plugin 'typo' (distribution 'servey-typo'): it implements 'servey_comands', which no "
            "loaded plugin declares. Did you mean 'servey_commands'? "
            "If it is not mistyped, install or allow the plugin that declares it."
        )

    def test_an_optional_hook_may_be_unknown(self, workplace) -> None:
        workplace.install(
            "optional",
            """
            from servey_core import hookimpl

            @hookimpl(optionalhook=True)
            def servey_of_another_plugin():
                return []
            """,
        )
        assert load("optional").error is None

    @pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
    def test_a_wrapper_is_refused(self, workplace, kind: str) -> None:
        workplace.install(
            "wrapping",
            f"""
            from servey_core import hookimpl

            @hookimpl({kind}=True)
            def servey_generators():
                yield
            """,
        )
        assert broken("wrapping") == (
            "Plugin 'wrapping' (distribution 'servey-wrapping'): "
            "its servey_generators is a wrapper, which is not allowed."
        )

    def test_an_argument_that_a_hook_does_not_have(self, workplace) -> None:
        workplace.install(
            "curious",
            """
            from servey_core import hookimpl

            @hookimpl
            def servey_generators(weather):
                return []
            """,
        )
        assert "{'weather'} are declared in the hookimpl but can not be found" in broken("curious")

    def test_nothing_of_a_broken_plugin_is_used(self, workplace) -> None:
        text = dedent(GENERATOR.format(name="half"))
        text += "@hookimpl\ndef servey_comands():\n    return []\n"
        workplace.install("half", text)
        plugins = load_plugins(allow=["half"])
        assert plugins.collect_named("servey_generators", Generator) == {}

    def test_hookspecs_that_fail(self, workplace) -> None:
        workplace.install(
            "specs",
            """
            from servey_core import hookimpl

            @hookimpl
            def servey_add_hookspecs(pluginmanager):
                raise RuntimeError("no specs")
            """,
        )
        assert "RuntimeError('no specs')" in broken("specs")

    def test_two_distributions_with_one_name(self, workplace) -> None:
        workplace.install("twin", GENERATOR.format(name="a"), distribution="first-dist")
        workplace.install("twin", GENERATOR.format(name="b"), distribution="second-dist")
        first, second = (one for one in load_plugins(allow=["twin"]).all if one.name == "twin")
        assert (first.distribution, first.error) == ("first-dist", None)
        assert str(second.error) == (
            "Plugin 'twin' (distribution 'second-dist'): "
            "a plugin of the distribution 'first-dist' has the same name."
        )

    def test_the_cores_name_cannot_be_taken(self, workplace) -> None:
        workplace.install("core", GENERATOR.format(name="a"), distribution="usurper")
        plugins = load_plugins()
        errors = [plugin.error for plugin in plugins.all if plugin.distribution == "usurper"]
        assert "the distribution 'servey-core' has the same name" in str(errors[0])
        owners = plugins.collect("servey_authorizers", object, settings=None)
        assert {one.plugin.distribution for one in owners} == {"servey-core"}

    def test_starting_refuses_a_broken_plugin(
        self, workplace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workplace.install("bad", "1 / 0")
        monkeypatch.setenv("SERVEY_PLUGINS", "bad")
        with pytest.raises(PluginError, match=r"Plugin 'bad' .*ZeroDivisionError"):
            start(actions=())

    def test_unless_it_is_not_strict(self, workplace, monkeypatch: pytest.MonkeyPatch) -> None:
        workplace.install("bad", "1 / 0")
        workplace.install("good", GENERATOR.format(name="boxes"))
        monkeypatch.setenv("SERVEY_PLUGINS", "bad,good")
        runtime = start(actions=(), given={"strict": False})
        assert find(runtime.plugins, "bad").error is not None
        assert "boxes" in runtime.generators()


class TestHooksAcrossPlugins:
    SPEC = """
        from servey_core import hookimpl, hookspec

        class Specs:
            @hookspec
            def servey_test_toasts(self, bread):
                "Return toasts."

        @hookimpl
        def servey_add_hookspecs(pluginmanager):
            pluginmanager.add_hookspecs(Specs)
    """
    IMPLEMENTATION = """
        from servey_core import hookimpl

        @hookimpl
        def servey_test_toasts({argument}):
            return ["toast of " + {argument}]
    """

    @pytest.mark.parametrize("name", ["a_before", "z_after"])
    def test_a_plugin_may_implement_anothers_hook(self, workplace, name: str) -> None:
        workplace.install("m_toaster", self.SPEC)
        workplace.install(name, self.IMPLEMENTATION.format(argument="bread"))
        plugins = load_plugins(allow=["m_toaster", name])
        plugins.require_sound()
        toasts = plugins.collect("servey_test_toasts", str, bread="rye")
        assert [(one.plugin.name, one.record) for one in toasts] == [(name, "toast of rye")]

    @pytest.mark.parametrize("name", ["a_before", "z_after"])
    def test_the_one_with_the_wrong_argument_is_blamed(self, workplace, name: str) -> None:
        workplace.install("m_toaster", self.SPEC)
        workplace.install(name, self.IMPLEMENTATION.format(argument="cheese"))
        plugins = load_plugins(allow=["m_toaster", name])
        assert find(plugins, "m_toaster").error is None
        assert "'cheese'" in str(find(plugins, name).error)


class TestCollecting:
    def collect(self, workplace, body: str) -> list[str]:
        workplace.install(
            "subject",
            "from servey_core import Command, hookimpl\n"
            f"@hookimpl\ndef servey_commands():\n    {body}\n",
        )
        plugins = load_plugins(allow=["subject"])
        return [one.record.name for one in plugins.collect("servey_commands", Command)]

    def test_a_list(self, workplace) -> None:
        assert self.collect(workplace, "return [Command('a', '', list)]") == ["a"]

    def test_a_generator(self, workplace) -> None:
        assert self.collect(workplace, "yield Command('a', '', list)") == ["a"]

    def test_a_single_record(self, workplace) -> None:
        assert self.collect(workplace, "return Command('a', '', list)") == ["a"]

    def test_nothing(self, workplace) -> None:
        assert self.collect(workplace, "return None") == []

    def test_a_wrong_record_is_named_with_its_plugin(self, workplace) -> None:
        with pytest.raises(PluginError) as caught:
            self.collect(workplace, "return [7]")
        assert str(caught.value) == (
            "Plugin 'subject' (distribution 'servey-subject'): "
            "its servey_commands returned 7, where Command is expected."
        )

    @pytest.mark.parametrize("body", ["raise ValueError('why')", "yield 1 / 0"])
    def test_a_hook_that_fails_is_named_with_its_plugin(self, workplace, body: str) -> None:
        with pytest.raises(PluginError, match=r"Plugin 'subject' .* its servey_commands failed: "):
            self.collect(workplace, body)

    def test_a_name_that_two_plugins_give_names_both(self, workplace) -> None:
        workplace.install("one", GENERATOR.format(name="boxes"), distribution="dist-one")
        workplace.install("two", GENERATOR.format(name="boxes"), distribution="dist-two")
        plugins = load_plugins(allow=["one", "two"])
        with pytest.raises(ConfigurationError) as caught:
            plugins.collect_named("servey_generators", Generator)
        assert str(caught.value) == (
            "Two plugins give a Generator named 'boxes': 'two' (distribution 'dist-two') and "
            "'one' (distribution 'dist-one'). Deny one: SERVEY_PLUGINS_DENY."
        )

    def test_a_name_that_one_plugin_gives_twice(self, workplace) -> None:
        text = GENERATOR.format(name="boxes").replace("])]", "])] * 2")
        workplace.install("stutter", text)
        plugins = load_plugins(allow=["stutter"])
        with pytest.raises(PluginError, match="its servey_generators gives two named 'boxes'"):
            plugins.collect_named("servey_generators", Generator)
