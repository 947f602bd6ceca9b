#!/usr/bin/env python3
"""The process that measures PyTorch on the work of Cotangent's benchmark.

Its argument is the JSON of a Job (see job.ts). Each line of standard input, a number of seconds, is answered by a turn of that length:
{"ms": the median step, "steps": how many}. The work "first" answers once; "full" trains TwoLayerNet for the 10,000 iterations of the
book on the four IDX files in the folder "data", and prints the seconds it took, the accuracy, and the peak of its memory.
Whoever starts it sets OMP_NUM_THREADS and the like, which are read when the libraries are loaded."""
import gzip
import json
import os
import resource
import statistics
import sys
import time

job = json.loads(sys.argv[1])
begun = time.perf_counter()

import numpy
import torch
from torch import nn

torch.set_num_threads(job["threads"])
torch.manual_seed(0)
work, batch = job["work"], job["batch"]


def answer(**values):
    print(json.dumps(values), flush=True)


def start_weights(net, deviation=None):
    """Normal weights of the given deviation, else He's; biases of 0."""
    for part in net:
        if isinstance(part, (nn.Linear, nn.Conv2d)):
            if deviation is None:
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            else:
                nn.init.normal_(part.weight, std=deviation)
            nn.init.zeros_(part.bias)
    return net


def two_layer_net(hidden):
    return start_weights(nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10)), 0.01)


def simple_conv_net():
    convolution = [nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return start_weights(nn.Sequential(*convolution, nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10)), 0.01)


def deep_conv_net():
    layers, channels = [], 1
    for filters, last_padding in ((16, 1), (32, 2), (64, 1)):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(filters, filters, 3, padding=last_padding), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Flatten(), nn.Linear(1024, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10), nn.Dropout(0.5)]
    return start_weights(nn.Sequential(*layers))


def make_step(net, optimizer):
    criterion = nn.CrossEntropyLoss()

    def step(x, t):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(net(x), t)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def training_of(name):
    """A net, its step, and the shape of a sample."""
    if name == "w1":
        net = two_layer_net(job["hidden"])
        return net, make_step(net, torch.optim.SGD(net.parameters(), lr=0.1)), (784,)
    net = simple_conv_net() if name == "w2" else deep_conv_net()
    return net, make_step(net, torch.optim.Adam(net.parameters(), lr=0.001)), (1, 28, 28)


def benchmark_images(shape, count=None):
    pixels = numpy.fromfile(os.path.join(job["data"], "images.bin"), numpy.uint8, -1 if count is None else count * 784)
    return torch.from_numpy(pixels.astype(numpy.float32) / 255).reshape(-1, *shape)


def benchmark_labels():
    return torch.from_numpy(numpy.fromfile(os.path.join(job["data"], "labels.bin"), numpy.uint8).astype(numpy.int64))


def serve_turns(step):
    index = 0
    for line in sys.stdin:
        times, now = [], time.perf_counter()
        end = now + float(line)
        while not times or now < end:
            step(index)
            index += 1
            after = time.perf_counter()
            times.append(after - now)
            now = after
        answer(ms=1000 * statistics.median(times), steps=len(times))


def serve_training():
    _, step, shape = training_of(work)
    images, labels = benchmark_images(shape), benchmark_labels()
    batches = len(images) // batch

    def at(index):
        begin = index % batches * batch
        step(images[begin : begin + batch], labels[begin : begin + batch])

    serve_turns(at)


def serve_inference():
    net, shape = (two_layer_net(50), (784,)) if work == "infer-w1" else (simple_conv_net(), (1, 28, 28))
    parts = benchmark_images(shape, 10000).split(batch)
    net.eval()
    with torch.no_grad():
        serve_turns(lambda index: net(parts[index % len(parts)]).numpy())


def first_step():
    _, step, shape = training_of("w1")
    step(torch.zeros(100, *shape), torch.zeros(100, dtype=torch.int64))
    answer(ms=1000 * (time.perf_counter() - begun))


def idx(name, header):
    with gzip.open(os.path.join(job["data"], name + ".gz")) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


def full():
    def split(part):
        pixels = idx(part + "-images-idx3-ubyte", 16).reshape(-1, 784)
        return torch.from_numpy(pixels.astype(numpy.float32) / 255), torch.from_numpy(idx(part + "-labels-idx1-ubyte", 8).astype(numpy.int64))

    (images, labels), test = split("train"), split("t10k")
    net, step, _ = training_of("w1")

    def accuracy(x, t):
        with torch.no_grad():
            return (net(x).argmax(1) == t).double().mean().item()

    epoch = len(images) // batch
    for iteration in range(10000):
        if iteration % epoch == 0:
            order = torch.randperm(len(images))
        chosen = order[iteration % epoch * batch :][:batch]
        step(images[chosen], labels[chosen])
        if iteration % epoch == epoch - 1:
            accuracy(images, labels), accuracy(*test)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    answer(seconds=time.perf_counter() - begun, accuracy=accuracy(*test), peakBytes=peak)


if work == "first":
    first_step()
elif work == "full":
    full()
elif work.startswith("infer"):
    serve_inference()
else:
    serve_training()
