"""Files of data: the cache, downloads, archives, packages, arrays; without PyTorch."""
