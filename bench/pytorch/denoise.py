"""A denoising step of a mogao preset in PyTorch bfloat16, for bench/denoise.ts to time beside mogao's.

The visual branch over the keys and values of a text: AdaLN-Zero blocks, grouped heads, no mask. Random weights and inputs; nothing here is
a reference for values. The first argument is a JSON object with the preset's sizes, `tokens`, `past` and `threads`.
Answers each line of standard input with the milliseconds that one step took.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

C = json.loads(sys.argv[1])
HIDDEN, HEADS, KV_HEADS, HEAD, FFN = (C[k] for k in ("hiddenSize", "heads", "kvHeads", "headSize", "ffnSize"))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.RMSNorm(HIDDEN, eps=1e-6) for _ in range(2))
        self.q, self.o = nn.Linear(HIDDEN, HEADS * HEAD), nn.Linear(HEADS * HEAD, HIDDEN, bias=False)
        self.k, self.v = nn.Linear(HIDDEN, KV_HEADS * HEAD), nn.Linear(HIDDEN, KV_HEADS * HEAD)
        self.gate, self.up = nn.Linear(HIDDEN, FFN, bias=False), nn.Linear(HIDDEN, FFN, bias=False)
        self.down = nn.Linear(FFN, HIDDEN, bias=False)
        self.modulation = nn.Linear(C["conditionSize"], 6 * HIDDEN)

    def forward(self, x, condition, past, cos, sin):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(F.silu(condition)).chunk(6, dim=-1)
        h = self.norms[0](x) * (1 + scale1) + shift1
        split = lambda y, heads: y.view(1, -1, heads, HEAD).transpose(1, 2)
        rotate = lambda y: y * cos + torch.cat((-y[..., HEAD // 2 :], y[..., : HEAD // 2]), dim=-1) * sin
        q, k, v = rotate(split(self.q(h), HEADS)), rotate(split(self.k(h), KV_HEADS)), split(self.v(h), KV_HEADS)
        k, v = torch.cat((past, k), dim=2), torch.cat((past, v), dim=2)
        mixed = F.scaled_dot_product_attention(q, k, v, enable_gqa=True).transpose(1, 2).reshape(1, -1, HEADS * HEAD)
        x = x + gate1 * self.o(mixed)
        h = self.norms[1](x) * (1 + scale2) + shift2
        return x + gate2 * self.down(F.silu(self.gate(h)) * self.up(h))


def main():
    torch.set_num_threads(C["threads"])
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("meta"):
        blocks = nn.ModuleList(Block() for _ in range(C["layers"]))
    blocks = blocks.to_empty(device="cpu")
    for parameter in blocks.parameters():
        # Filled by copying one small random block, which is all that speed can tell.
        values = torch.randn(4096) * 0.02
        flat = parameter.data.view(-1)
        flat.copy_(values.repeat(-(-flat.numel() // 4096))[: flat.numel()])
    x, condition = torch.randn(1, C["tokens"], HIDDEN), torch.randn(1, 1, C["conditionSize"])
    past = torch.randn(1, KV_HEADS, C["past"], HEAD)
    angles = torch.randn(C["tokens"], HEAD)
    print(torch.__version__, sum(p.numel() for p in blocks.parameters()), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        with torch.inference_mode():
            y = x
            for block in blocks:
                y = block(y, condition, past, angles.cos(), angles.sin())
        print(1000 * (time.perf_counter() - start), flush=True)


main()
