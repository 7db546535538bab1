"""Settings: where they come from, what is said of wrong ones, and that secrets stay secret."""

import pytest
from pydantic import SecretStr

from servey_core import Settings, SettingsError, SettingsGroup, setting, start
from servey_core.settings import SettingsWarning

SECRET = "correct horse battery staple, and more"


class CakeSettings(SettingsGroup):
    """A plugin's settings."""

    cake_layers: int = setting(3, "How many layers a cake has.", ge=1)
    cake_toppings: list[str] = setting([], "What is on it.")


def load(*groups, **given):
    return Settings.load(groups, given=given)


def origin(name, settings):
    return next(one.origin for one in settings if one.name == name)


@pytest.fixture(autouse=True)
def _empty_folder(workplace):
    pass


class TestSources:
    def test_a_default(self):
        assert load().core.port == 8000
        assert origin("port", load()) == "default"

    def test_pyproject(self, workplace):
        workplace.write("pyproject.toml", "[tool.servey]\nport = 8001\nplugins = ['a', 'b']\n")
        settings = load()
        assert (settings.core.port, settings.core.plugins) == (8001, ("a", "b"))
        assert origin("port", settings) == "pyproject.toml"

    @pytest.mark.parametrize("variable", ["SERVEY_PORT", "SERVER_PORT"])
    def test_the_environment_goes_before_pyproject(self, workplace, monkeypatch, variable):
        workplace.write("pyproject.toml", "[tool.servey]\nport = 8001\n")
        monkeypatch.setenv(variable, "8002")
        assert load().core.port == 8002
        assert origin("port", load()) == f"environment variable {variable}"

    def test_the_newer_name_goes_before_the_older(self, monkeypatch):
        monkeypatch.setenv("SERVER_PORT", "8001")
        monkeypatch.setenv("SERVEY_PORT", "8002")
        assert load().core.port == 8002
        assert origin("port", load()) == "environment variable SERVEY_PORT"

    def test_an_empty_variable_is_none(self, monkeypatch):
        monkeypatch.setenv("SERVEY_PORT", "")
        monkeypatch.setenv("SERVER_PORT", "8001")
        assert load().core.port == 8001
        assert origin("port", load()) == "environment variable SERVER_PORT"

    @pytest.mark.parametrize("variable", ["SERVEY_PORT", "SERVER_PORT"])
    def test_the_command_line_goes_before_all(self, workplace, monkeypatch, variable):
        workplace.write("pyproject.toml", "[tool.servey]\nport = 8001\n")
        monkeypatch.setenv(variable, "8002")
        settings = load(port=8003)
        assert settings.core.port == 8003
        assert origin("port", settings) == "command line"

    def test_what_the_command_line_leaves_out_is_not_given(self, monkeypatch):
        monkeypatch.setenv("SERVEY_PORT", "8002")
        assert load(port=None).core.port == 8002

    def test_the_older_name_of_the_secret(self, monkeypatch):
        monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
        key = load().core.jwt_secret_key
        assert key is not None
        assert key.get_secret_value() == SECRET

    def test_words_are_split_at_commas(self, monkeypatch):
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", " a, b,,c ")
        assert load().core.plugins_deny == ("a", "b", "c")

    def test_a_group_of_a_plugin(self, workplace, monkeypatch):
        workplace.write("pyproject.toml", "[tool.servey]\ncake_toppings = ['plum']\n")
        monkeypatch.setenv("SERVEY_CAKE_LAYERS", "5")
        cake = load(CakeSettings).group(CakeSettings)
        assert (cake.cake_layers, cake.cake_toppings) == (5, ["plum"])


class TestWrongValues:
    def wrong(self, *groups, **given):
        with pytest.raises(SettingsError) as caught:
            load(*groups, **given)
        assert caught.value.__cause__ is None
        return str(caught.value)

    def test_a_variable_is_named(self, monkeypatch):
        monkeypatch.setenv("SERVER_PORT", "many")
        assert self.wrong() == (
            "The setting 'port' (from environment variable SERVER_PORT): Input should be a valid "
            "integer, unable to parse string as an integer."
        )

    def test_the_file_is_named(self, workplace):
        workplace.write("pyproject.toml", "[tool.servey]\nthreads = 0\n")
        assert self.wrong() == (
            "The setting 'threads' (from pyproject.toml): Input should be greater than or equal "
            "to 1."
        )

    def test_the_command_line_is_named(self):
        assert self.wrong(port=70000) == (
            "The setting 'port' (from command line): Input should be less than or equal to 65535."
        )

    def test_each_is_named(self, monkeypatch):
        monkeypatch.setenv("SERVEY_THREADS", "0")
        assert self.wrong(port=-1).count("\n") == 1

    def test_a_secret_is_not_shown(self):
        text = self.wrong(jwt_secret_key=[SECRET])
        assert "'jwt_secret_key' (from command line)" in text
        assert SECRET not in text

    def test_a_variable_that_should_be_json(self, monkeypatch):
        monkeypatch.setenv("SERVEY_CAKE_TOPPINGS", "plums")
        assert self.wrong(CakeSettings) == (
            'The settings CakeSettings: error parsing value for field "cake_toppings" '
            'from source "EnvSettingsSource".'
        )

    def test_a_file_that_is_no_toml(self, workplace):
        file = workplace.write("pyproject.toml", "[tool.servey\n")
        with pytest.raises(SettingsError, match="cannot be read: Expected ']'") as caught:
            load()
        assert str(file) in str(caught.value)

    def test_a_table_that_is_none(self, workplace):
        file = workplace.write("pyproject.toml", "[tool]\nservey = 8\n")
        assert self.wrong() == f"{file}: [tool.servey] is no table, but 8."

    def test_a_name_that_two_groups_declare(self):
        class Rival(SettingsGroup):
            port: int = setting(1, "Also a port.")

        assert self.wrong(Rival) == (
            f"The setting 'port' is declared by both servey_core.settings and {__name__}."
        )

    def test_a_group_that_was_not_loaded(self):
        with pytest.raises(Exception, match="The settings CakeSettings were not loaded: is their"):
            load().group(CakeSettings)


class TestUnknownNames:
    def test_a_variable_is_warned_of_with_the_nearest(self, workplace, monkeypatch):
        monkeypatch.setenv("SERVEY_PROT", "8001")
        with pytest.warns(SettingsWarning) as caught:
            start(actions=())
        assert [str(one.message) for one in caught] == [
            "The environment variable SERVEY_PROT is not a setting. Did you mean 'SERVEY_PORT'?"
        ]

    def test_a_key_is_warned_of_with_the_nearest(self, workplace):
        workplace.write("pyproject.toml", "[tool.servey]\naction_paht = 'x'\n")
        with pytest.warns(SettingsWarning) as caught:
            start(actions=())
        assert [str(one.message) for one in caught] == [
            "[tool.servey] action_paht is not a setting. Did you mean 'action_path'?"
        ]

    def test_a_denial_of_no_plugin_is_warned_of_with_the_nearest(self, workplace, monkeypatch):
        workplace.install("empty_boxes", "", distribution="box-maker")
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", "emty_boxes")
        with pytest.warns(SettingsWarning) as caught:
            start(actions=())
        assert [str(one.message) for one in caught] == [
            "SERVEY_PLUGINS_DENY: no plugin 'emty_boxes' is installed. Did you mean 'empty_boxes'?"
        ]

    def test_what_is_known_is_not_warned_of(self, monkeypatch):
        monkeypatch.setenv("SERVEY_PORT", "8001")
        monkeypatch.setenv("SERVEY_WORKER", "1")
        monkeypatch.setenv("SERVEY_TEST_REDIS_URL", "redis://localhost")
        start(actions=())

    def test_the_settings_of_a_plugin_are_known(self, workplace, monkeypatch):
        workplace.write(
            "cakes.py",
            """
            from servey_core import SettingsGroup, hookimpl, setting

            class Cakes(SettingsGroup):
                cake_layers: int = setting(3, "How many layers a cake has.")

            @hookimpl
            def servey_settings():
                return [Cakes]
            """,
        )
        monkeypatch.setenv("SERVEY_PLUGIN_MODULES", "cakes")
        monkeypatch.setenv("SERVEY_CAKE_LAYERS", "4")
        values = {one.name: one.value for one in start(actions=()).settings}
        assert values["cake_layers"] == 4


class TestSecrets:
    def test_they_are_not_in_a_repr(self, monkeypatch):
        monkeypatch.setenv("SERVEY_JWT_SECRET_KEY", SECRET)
        settings = load()
        assert SECRET not in f"{settings!r} {settings.core!r} {[*settings]!r} {settings.core}"

    def test_they_are_masked_where_they_are_listed(self, monkeypatch):
        monkeypatch.setenv("SERVEY_JWT_SECRET_KEY", SECRET)
        (key,) = (one.value for one in load() if one.name == "jwt_secret_key")
        assert isinstance(key, SecretStr)
        assert str(key) == "**********"

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("sqlite:///servey.db", "sqlite:///servey.db"),
            ("redis://host:6379/0", "redis://host:6379/0"),
            ("redis://ann:battery@host:1/0", "redis://[redacted]@host:1/0"),
            ("redis://:bat/te@ry@host/0", "redis://[redacted]@host/0"),
            ("redis://host/0?password=battery", "redis://host/0?password=[redacted]"),
        ],
    )
    def test_the_password_of_a_url_is_masked_and_the_rest_is_shown(self, monkeypatch, url, shown):
        monkeypatch.setenv("SERVEY_STATE", url)
        settings = load()
        (state,) = (one.value for one in settings if one.name == "state")
        assert str(state) == shown
        assert "batter" not in f"{settings!r} {[*settings]!r}"
        assert settings.core.state.get_secret_value() == url
        assert load(state=url).as_environment()["SERVEY_STATE"] == url


class TestEnvironment:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
    def test_it_is_development_on_loopback(self, host):
        core = load(host=host).core
        assert (core.environment, core.development) == ("development", True)

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.com", ""])
    def test_it_is_production_elsewhere(self, host):
        core = load(host=host).core
        assert (core.environment, core.development) == ("production", False)

    @pytest.mark.parametrize("env", ["development", "production"])
    def test_unless_it_is_said(self, monkeypatch, env):
        monkeypatch.setenv("SERVEY_ENV", env)
        assert load(host="0.0.0.0").core.environment == env
        assert load(host="127.0.0.1").core.environment == env


class TestGeneratedKey:
    def test_in_development_a_key_is_made_up(self):
        settings = load()
        key = settings.core.jwt_secret_key
        assert key is not None
        assert len(key.get_secret_value()) >= 32
        assert origin("jwt_secret_key", settings) == "generated at this start"

    def test_each_start_has_another(self):
        assert load().core.jwt_secret_key != load().core.jwt_secret_key

    def test_in_production_none_is(self):
        assert load(env="production").core.jwt_secret_key is None

    @pytest.mark.parametrize("name", ["jwt_secret_key", "jwt_keys"])
    def test_where_one_is_given_none_is(self, name):
        assert origin(name, load(**{name: SECRET})) == "command line"
        assert not [one for one in load(**{name: SECRET}) if "generated" in one.origin]


class TestChildProcesses:
    def test_they_are_given_what_only_this_process_knows(self, monkeypatch):
        monkeypatch.setenv("SERVEY_THREADS", "4")
        settings = load(port=8003, plugins_deny="a,b", strict=False)
        key = settings.core.jwt_secret_key
        assert key is not None
        assert settings.as_environment() == {
            "SERVEY_PORT": "8003",
            "SERVEY_PLUGINS_DENY": "a,b",
            "SERVEY_STRICT": "False",
            "SERVEY_JWT_SECRET_KEY": key.get_secret_value(),
        }

    def test_they_read_the_same_settings(self, monkeypatch):
        settings = load(port=8003, plugins_deny="a,b", strict=False)
        for variable, value in settings.as_environment().items():
            monkeypatch.setenv(variable, value)
        assert load().core == settings.core
