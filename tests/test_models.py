"""What holds for every model of the registry."""

import pytest
import torch

import cnnhistory

# model -> shape of one input; a new model without an entry here is an error
INPUTS = {
    "lenet5": (1, 32, 32),
    "lenet5_modern": (1, 32, 32),
    "linear_classifier": (1, 28, 28),
    "lenet300_100": (1, 28, 28),
}
# models that take one size only: those with a dense layer over the last maps
MODELS = cnnhistory.list_models()


def test_every_model_has_an_input_here():
    assert set(INPUTS) == set(MODELS)


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def build(name):
    torch.manual_seed(0)
    return cnnhistory.create_model(name)


def test_every_parameter_gets_a_gradient(name):
    model = build(name).train()
    scores = model(torch.rand(4, *INPUTS[name]))
    torch.nn.functional.cross_entropy(scores, torch.tensor([0, 1, 2, 3])).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


def test_runs_on_meta_without_touching_the_cpu(name):
    with torch.device("meta"):
        model = cnnhistory.create_model(name)
        scores = model(torch.empty(2, *INPUTS[name]))
    assert scores.device.type == "meta"
    assert scores.shape[0] == 2
    assert all(p.device.type == "meta" for p in model.parameters())


def test_moves_between_devices(name):
    model = build(name).to("meta")
    assert model(torch.empty(3, *INPUTS[name], device="meta")).shape[0] == 3


def test_batch_of_one_equals_its_row(name):
    model = build(name).eval()
    x = torch.rand(3, *INPUTS[name])
    torch.testing.assert_close(model(x[1:2]), model(x)[1:2], atol=1e-4, rtol=1e-4)


def test_state_dict_round_trip(name):
    model, other = build(name), cnnhistory.create_model(name)
    other.load_state_dict(model.state_dict())
    x = torch.rand(2, *INPUTS[name])
    assert torch.equal(model.eval()(x), other.eval()(x))


def test_exports(name):
    model = build(name).eval()
    x = torch.rand(2, *INPUTS[name])
    exported = torch.export.export(model, (x,)).module()
    torch.testing.assert_close(exported(x), model(x), atol=1e-5, rtol=1e-5)


def test_same_seed_same_network(name):
    first, second = build(name), build(name)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_refuses_a_wrong_number_of_channels(name):
    channels, height, width = INPUTS[name]
    with pytest.raises((ValueError, RuntimeError)):
        build(name)(torch.zeros(1, channels + 1, height, width))


def test_refuses_unknown_settings(name):
    with pytest.raises(TypeError, match="nonsense"):
        cnnhistory.create_model(name, nonsense=1)


def test_is_documented(name):
    module = __import__(f"cnnhistory.models.{cnnhistory.registry.system_of(name).id}")
    assert module
    assert type(build(name)).__doc__
