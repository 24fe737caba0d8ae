"""Real engines for the tests of this room."""

import pytest

from tests.engine.running import RunningEngine


@pytest.fixture(autouse=True, scope="module")
def _runtime(tmp_path_factory):
    """Notes on running engines go to a place of this test run's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PODIUM_RUNTIME", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture
def start_engine(tmp_path, free_port):
    """Starts engines and ends them with the test."""
    running = []

    def start(*options, directory=tmp_path, port=None, **kwargs):
        engine = RunningEngine(directory, port or free_port(), *options, **kwargs)
        running.append(engine)
        return engine

    yield start
    for engine in running:
        engine.close()


@pytest.fixture(scope="module")
def engine(_runtime, tmp_path_factory, free_port):
    """One engine with two pattern sources for the whole module."""
    running = RunningEngine(
        tmp_path_factory.mktemp("engine"), free_port(), "--source", "cam1=pattern:", "--source", "cam2=pattern:"
    )
    running.live()
    yield running
    running.close()
