"""Update rules of gradient descent, each written out as a torch optimizer."""
