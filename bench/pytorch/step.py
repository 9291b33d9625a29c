"""A training step of `nano` in PyTorch, for bench/pytorch.ts to time beside mogao's.

The same sizes and the same work: 32 rows of 32 text and 72 visual tokens (two noise levels of one picture), deep-fusion
blocks with AdaLN-Zero, joint attention under an additive mask, text and flow losses, forward and backward. Random weights
and inputs; nothing here is a reference for values.

Answers each line of standard input ("float32" or "bfloat16", the latter under autocast; "… compiled" for
torch.compile) with the milliseconds that one step took. Needs torch; threads are given as the first argument.
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, FFN = 256, 8, 4, 2, 64, 512
VOCABULARY, LATENT, CONDITION = 2048, 32, 128
ROWS, TEXT, VISUAL, COPIES = 32, 32, 72, 2


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_norm = nn.RMSNorm(HIDDEN, eps=1e-6)
        self.post_norm = nn.RMSNorm(HIDDEN, eps=1e-6)
        self.q = nn.Linear(HIDDEN, HEADS * HEAD)
        self.k = nn.Linear(HIDDEN, KV_HEADS * HEAD)
        self.v = nn.Linear(HIDDEN, KV_HEADS * HEAD)
        self.o = nn.Linear(HEADS * HEAD, HIDDEN, bias=False)
        self.gate = nn.Linear(HIDDEN, FFN, bias=False)
        self.up = nn.Linear(HIDDEN, FFN, bias=False)
        self.down = nn.Linear(FFN, HIDDEN, bias=False)

    def project(self, x):
        split = lambda y, heads: y.view(*y.shape[:2], heads, HEAD).transpose(1, 2)
        return split(self.q(x), HEADS), split(self.k(x), KV_HEADS), split(self.v(x), KV_HEADS)

    def ffn(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.text, self.visual = Branch(), Branch()
        self.modulation = nn.Linear(CONDITION, 6 * HIDDEN)

    def forward(self, text, visual, condition, cos, sin, bias):
        modulation = self.modulation(F.silu(condition)).repeat_interleave(VISUAL // COPIES, dim=1)
        shift1, scale1, gate1, shift2, scale2, gate2 = modulation.chunk(6, dim=-1)
        parts = zip(
            self.text.project(self.text.input_norm(text)),
            self.visual.project(self.visual.input_norm(visual) * (1 + scale1) + shift1),
        )
        q, k, v = (torch.cat(part, dim=2) for part in parts)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), enable_gqa=True)
        mixed = mixed.transpose(1, 2).reshape(ROWS, TEXT + VISUAL, HEADS * HEAD)
        text = text + self.text.o(mixed[:, :TEXT])
        text = text + self.text.ffn(self.text.post_norm(text))
        visual = visual + gate1 * self.visual.o(mixed[:, TEXT:])
        visual = visual + gate2 * self.visual.ffn(self.visual.post_norm(visual) * (1 + scale2) + shift2)
        return text, visual


class Nano(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, HIDDEN)
        self.latent_in = nn.Linear(LATENT, HIDDEN)
        self.time_embedder = nn.Sequential(nn.Linear(256, CONDITION), nn.SiLU(), nn.Linear(CONDITION, CONDITION))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(HIDDEN, eps=1e-6)
        self.visual_norm = nn.RMSNorm(HIDDEN, eps=1e-6)
        self.final_modulation = nn.Linear(CONDITION, 2 * HIDDEN)
        self.velocity = nn.Linear(HIDDEN, LATENT)

    def forward(self, batch):
        text, visual = self.embed(batch["ids"]), self.latent_in(batch["noisy"])
        condition = self.time_embedder(batch["sinusoids"])
        for block in self.blocks:
            text, visual = block(text, visual, condition, batch["cos"], batch["sin"], batch["bias"])
        shift, scale = self.final_modulation(F.silu(condition)).repeat_interleave(VISUAL // COPIES, dim=1).chunk(2, -1)
        velocity = self.velocity(self.visual_norm(visual) * (1 + scale) + shift)
        logits = self.norm(text)[:, :-1] @ self.embed.weight.T
        text_loss = F.cross_entropy(logits.float().flatten(0, 1), batch["ids"][:, 1:].flatten())
        return 0.25 * text_loss + F.mse_loss(velocity.float(), batch["target"])


def made_up_batch():
    tokens = TEXT + VISUAL
    order = torch.arange(tokens).clamp(max=TEXT)
    copy = torch.cat((torch.zeros(TEXT), 1 + torch.arange(VISUAL) // (VISUAL // COPIES)))
    sees = (order[:, None] >= order[None]) & ((copy[None] == 0) | (copy[None] == copy[:, None]))
    angles = order[:, None] * 1e6 ** (-torch.arange(HEAD // 2) / (HEAD // 2))
    return {
        "ids": torch.randint(VOCABULARY, (ROWS, TEXT)),
        "noisy": torch.randn(ROWS, VISUAL, LATENT),
        "target": torch.randn(ROWS, VISUAL, LATENT),
        "sinusoids": torch.randn(ROWS, COPIES, 256),
        "cos": angles.cos().repeat(1, 2),
        "sin": angles.sin().repeat(1, 2),
        "bias": torch.zeros(ROWS, 1, tokens, tokens).masked_fill(~sees, float("-inf")),
    }


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    model, batch = Nano(), made_up_batch()
    compiled = None
    print(torch.__version__, sum(p.numel() for p in model.parameters()), flush=True)
    for line in sys.stdin:
        kind, *how = line.split()
        if how and compiled is None:
            compiled = torch.compile(model)
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == "bfloat16"):
            loss = (compiled if how else model)(batch)
        loss.backward()
        taken = time.perf_counter() - start
        model.zero_grad(set_to_none=False)
        print(1000 * taken, flush=True)


main()
