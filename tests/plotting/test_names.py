import pytest

from cnnhistory.plotting.names import display_name, model_name
from cnnhistory.registry import list_models


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("lenet5", "LeNet-5"),
        ("alexnet", "AlexNet"),
        ("vgg16", "VGG-16"),
        ("vgg16_bn", "VGG-16 with BN"),
        ("plain34", "plain-34"),
        ("resnext50_32x4d", "ResNeXt-50 32×4d"),
        ("densenet40_12", "DenseNet-40, k = 12"),
        ("densenet121", "DenseNet-121"),
        ("densenet_bc_190_40", "DenseNet-BC-190, k = 40"),
        ("mobilenet_v2", "MobileNet v2"),
        ("inception_resnet_v2", "Inception-ResNet-v2"),
        ("made_up", "made up"),
    ],
)
def test_names_as_people_write_them(model, name):
    assert model_name(model) == name


def test_no_two_models_share_a_name():
    names = [model_name(model) for model in list_models()]
    assert len(set(names)) == len(names)


def test_every_model_has_a_spelling():
    assert [model for model in list_models() if display_name(model) == model] == []


def test_other_labels_stay_as_they_are():
    assert display_name("lenet5_modern") == "LeNet-5, modern"
    assert display_name("resnet20 without shortcuts") == "resnet20 without shortcuts"
