"""The runnable history of convolutional networks.

>>> import cnnhistory
>>> cnnhistory.system("lenet5").year
1998
>>> cnnhistory.list_models("lenet5*")
['lenet5', 'lenet5_modern', 'lenet5_caffe']
"""

from cnnhistory.registry import create_model, list_models, list_systems, system
from cnnhistory.system import System

__version__ = "0.1.0"

__all__ = ["System", "__version__", "create_model", "list_models", "list_systems", "system"]
