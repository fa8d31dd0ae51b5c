"""Recorded runs of networks that translate: ConvS2S and an LSTM of equal size on Multi30k."""

from cnnhistory.zoo.recipes.base import PAIRS, Spec, TranslationRecipe, adam


def _multi30k(name: str, model: str, language: str) -> TranslationRecipe:
    """English to German or French, half a million weights, 1,600 subwords for both languages.

    To be reached: a BLEU of 32 on test_2016_flickr, English to German, on text as it stands there
    (cased, not tokenized), by ConvS2S.

    The rate is, of 0.0025, 0.005 and 0.01, the one with the lowest validation loss of ConvS2S after
    two epochs; the LSTM takes the same one.

    Deviations: Adam with one cycle of the rate instead of Nesterov's gradient with a rate that is
    divided by ten; products in bfloat16; dropout 0.1, since the network is small; 12 epochs.
    """
    return TranslationRecipe(
        id=f"{name}_multi30k_{language}",
        model=model,
        epochs=12,
        batch_size=64,
        optimizer=adam(1e-2),
        schedule=Spec("cnnhistory.training.recipes.OneCycle", {"warmup": 0.15}),
        data=Spec(PAIRS, {"data": "multi30k", "language": language, "vocabulary": 1600}),
        network_args={"vocabulary": 1600, "dropout": 0.1},
        seeds=(0,),
    )


RECIPES = tuple(
    _multi30k(name, model, language)
    for language in ("de", "fr")
    for name, model in (("convs2s", "convs2s_small"), ("lstm", "gnmt_small"))
)
