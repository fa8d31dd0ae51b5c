"""What holds for every model of the registry."""

import pytest
import torch

import cnnhistory

IMAGENET_RESNETS = [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "plain18",
    "plain34",
]
CIFAR_RESNETS = [
    "resnet20",
    "resnet32",
    "resnet44",
    "resnet56",
    "resnet110",
    "resnet1202",
    "plain20",
    "plain32",
    "plain44",
    "plain56",
]

# model -> shape of one input; a new model without an entry here is an error
INPUTS = {
    "lenet1989": (1, 16, 16),
    "lenet1989_dense": (1, 16, 16),
    "lenet1990": (1, 28, 28),
    "lenet5": (1, 32, 32),
    "lenet5_modern": (1, 32, 32),
    "lenet5_caffe": (1, 28, 28),
    "linear_classifier": (1, 28, 28),
    "lenet300_100": (1, 28, 28),
    "deep_mlp": (1, 16, 16),
    "deep_convnet": (1, 16, 16),
    "alexnet": (3, 67, 67),
    "alexnet_cifar4": (3, 32, 32),
    "zfnet": (3, 64, 64),
    "nin": (3, 64, 64),
    "nin_cifar": (3, 32, 32),
    "vgg11": (3, 32, 32),
    "vgg13": (3, 32, 32),
    "vgg16": (3, 32, 32),
    "vgg19": (3, 32, 32),
    "vgg11_bn": (3, 32, 32),
    "vgg13_bn": (3, 32, 32),
    "vgg16_bn": (3, 32, 32),
    "vgg19_bn": (3, 32, 32),
    "googlenet": (3, 64, 64),
    "kernel_stacks": (3, 32, 32),
    **dict.fromkeys(IMAGENET_RESNETS, (3, 64, 64)),
    **dict.fromkeys(CIFAR_RESNETS, (3, 32, 32)),
    "bnn_cifar": (3, 32, 32),
    "bnn_mlp": (1, 28, 28),
    "bnn_digits": (1, 28, 28),
    "bwn_cifar": (3, 32, 32),
    "bwn_digits": (1, 28, 28),
    "xnor_cifar": (3, 32, 32),
    "xnor_digits": (1, 28, 28),
    "highway": (1, 28, 28),
    "highway_plain": (1, 28, 28),
    "highway_conv": (1, 28, 28),
}
# settings that make a large network cheap to run here; tests/models has it at the paper's size
SETTINGS = {
    "alexnet": {"image_size": 67, "width": 1 / 8},
    "zfnet": {"image_size": 64, "width": 1 / 8},
    "nin": {"width": 1 / 8},
    "nin_cifar": {"width": 1 / 4},
    **{name: {"image_size": 32, "width": 1 / 8} for name in INPUTS if name.startswith("vgg")},
    "googlenet": {"width": 1 / 4},
    **{name: {"width": 1 / 8} for name in ("bnn_cifar", "bnn_mlp", "bwn_cifar", "xnor_cifar")},
    **{name: {"width": 1 / 8} for name in IMAGENET_RESNETS},
}
MODELS = cnnhistory.list_models()
# more of the blocks of resnet101 and resnet56; tests/models has them
TOO_DEEP = ["resnet152", "resnet110", "resnet1202"]


def test_every_model_has_an_input_here():
    assert set(INPUTS) == set(MODELS)


@pytest.fixture(params=[model for model in MODELS if model not in TOO_DEEP])
def name(request):
    return request.param


def build(name):
    torch.manual_seed(0)
    return cnnhistory.create_model(name, **SETTINGS.get(name, {}))


def settled(name):
    """Return a network in evaluation mode whose normalizations have seen a batch.

    Before that they divide by 1, and a deep residual network doubles its values in every block.
    """
    model = build(name).train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model(torch.rand(4, *INPUTS[name]))
    return model.eval()


def test_every_parameter_gets_a_gradient(name):
    model = build(name).train()
    scores = model(torch.rand(4, *INPUTS[name]))
    torch.nn.functional.cross_entropy(scores, torch.tensor([0, 1, 2, 3])).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


def test_runs_on_meta_without_touching_the_cpu(name):
    with torch.device("meta"):
        model = build(name)
        scores = model(torch.empty(2, *INPUTS[name]))
    assert scores.device.type == "meta"
    assert scores.shape[0] == 2
    assert all(p.device.type == "meta" for p in model.parameters())


def test_moves_between_devices(name):
    model = build(name).to("meta")
    assert model(torch.empty(3, *INPUTS[name], device="meta")).shape[0] == 3


def test_batch_of_one_equals_its_row(name):
    model = settled(name).double()
    x = torch.rand(3, *INPUTS[name], dtype=torch.double)
    torch.testing.assert_close(model(x[1:2]), model(x)[1:2], atol=1e-6, rtol=1e-6)


def test_state_dict_round_trip(name):
    model, other = build(name), build(name)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    other.load_state_dict(model.state_dict())
    x = torch.rand(2, *INPUTS[name])
    assert torch.equal(model.eval()(x), other.eval()(x))


def test_exports(name):
    model = settled(name)
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
    module = __import__(f"cnnhistory.{cnnhistory.registry.system_of(name).home}")
    assert module
    assert type(build(name)).__doc__
