"""What a user of Python would run instead, measured as JSON on one thread.

    /usr/bin/python3 bench/reference.py warm <note> [runs]    a note to probabilities, warm
    /usr/bin/python3 bench/reference.py once <note> <forest>  the same in a new process
    /usr/bin/python3 bench/reference.py features <samples>    features of float32 samples at 16 kHz
    /usr/bin/python3 bench/reference.py trees <data>          random forest, boosted trees
    /usr/bin/python3 bench/reference.py step <shape>          a training step of the network

Needs Debian's ffmpeg, python3-scipy and python3-sklearn; python3-xgboost and python3-torch if they are
there. The features are those of librosa 0.10 (mfcc, chroma_stft, spectral_contrast, spectral_centroid, as
it documents them, on the frames of core/features/config.ts), written with numpy and scipy: librosa is no
package of Debian. Like librosa it makes the filters, and estimates the tuning, in every call.
"""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import pickle
import subprocess
import time

import numpy
import scipy.fft

RATE, FFT, HOP, MELS, MFCCS = 16000, 1024, 320, 128, 40


def decode(path):
    """librosa.load, by way of audioread: ffmpeg in a process of its own."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    return numpy.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<f4")


def spectrum(samples):
    window = numpy.hanning(FFT + 1)[:-1].astype("float32")
    padded = numpy.pad(samples, FFT // 2)
    frames = numpy.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
    return numpy.abs(numpy.fft.rfft(frames * window, axis=1).astype("complex64")).T


def to_db(power, top_db=80):
    level = 10 * numpy.log10(numpy.maximum(1e-10, power))
    return numpy.maximum(level, level.max() - top_db)


def mel_filters():
    step, break_hz = 200 / 3, 1000
    log_step = numpy.log(6.4) / 27
    top = break_hz / step + numpy.log(RATE / 2 / break_hz) / log_step
    mels = numpy.linspace(0, top, MELS + 2)
    hz = numpy.where(
        mels < break_hz / step,
        mels * step,
        break_hz * numpy.exp(log_step * (mels - break_hz / step)),
    )
    ramps = hz[:, None] - numpy.fft.rfftfreq(FFT, 1 / RATE)[None, :]
    width = numpy.diff(hz)
    filters = numpy.maximum(
        0, numpy.minimum(-ramps[:-2] / width[:-1, None], ramps[2:] / width[1:, None])
    )
    return (filters * (2 / (hz[2:] - hz[:-2]))[:, None]).astype("float32")


def tuning(power):
    """librosa.estimate_tuning: peaks between 150 and 4,000 Hz, and how far they lie beside semitones."""
    slope = 0.5 * (power[2:] - power[:-2])
    curve = 2 * power[1:-1] - power[2:] - power[:-2]
    shift = numpy.pad(slope / (curve + (numpy.abs(curve) < 1e-30)), ((1, 1), (0, 0)))
    skew = 0.5 * numpy.pad(slope, ((1, 1), (0, 0))) * shift
    frequencies = numpy.fft.rfftfreq(FFT, 1 / RATE)[:, None]
    loud = power * (power > 0.1 * power.max(axis=0))
    padded = numpy.pad(loud, ((1, 1), (0, 0)), mode="edge")
    peaks = (loud > padded[:-2]) & (loud >= padded[2:])
    where = numpy.nonzero(peaks & (frequencies >= 150) & (frequencies < 4000))
    if len(where[0]) == 0:
        return 0.0
    hz = (where[0] + shift[where]) * RATE / FFT
    magnitude = (power + skew)[where]
    hz = hz[magnitude >= numpy.median(magnitude)]
    beside = numpy.mod(12 * numpy.log2(hz / (440 / 16)), 1)
    beside[beside >= 0.5] -= 1
    counts, edges = numpy.histogram(beside, numpy.linspace(-0.5, 0.5, 101))
    return edges[counts.argmax()]


def chroma_filters(tuned):
    frequencies = numpy.linspace(0, RATE, FFT, endpoint=False)[1:]
    bins = 12 * numpy.log2(frequencies / (440 * 2 ** (tuned / 12) / 16))
    bins = numpy.concatenate(([bins[0] - 18], bins))
    widths = numpy.concatenate((numpy.maximum(bins[1:] - bins[:-1], 1), [1]))
    distance = numpy.remainder(numpy.subtract.outer(bins, numpy.arange(12)).T + 126, 12) - 6
    weights = numpy.exp(-0.5 * (2 * distance / widths) ** 2)
    weights /= numpy.sqrt((weights**2).sum(axis=0))
    weights *= numpy.exp(-0.5 * ((bins / 12 - 5) / 2) ** 2)
    return numpy.roll(weights, -3, axis=0)[:, : FFT // 2 + 1].astype("float32")


def contrast(magnitude):
    frequencies = numpy.fft.rfftfreq(FFT, 1 / RATE)
    edges = numpy.concatenate(([0], 200 * 2.0 ** numpy.arange(7)))
    peaks, valleys = [], []
    for band, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        inside = (frequencies >= low) & (frequencies <= high)
        index = numpy.flatnonzero(inside)
        if band > 0:
            inside[index[0] - 1] = True
        if band == len(edges) - 2:
            inside[index[-1] + 1 :] = True
        part = magnitude[inside]
        if band < len(edges) - 2:
            part = part[:-1]
        count = int(max(numpy.rint(0.02 * inside.sum()), 1))
        ordered = numpy.sort(part, axis=0)
        valleys.append(ordered[:count].mean(axis=0))
        peaks.append(ordered[-count:].mean(axis=0))
    return to_db(numpy.array(peaks)) - to_db(numpy.array(valleys))


def features(samples):
    magnitude = spectrum(samples)
    power = magnitude**2
    mfcc = scipy.fft.dct(to_db(mel_filters() @ power), axis=0, type=2, norm="ortho")[:MFCCS]
    # librosa computes a spectrum for each function that is given samples.
    power = spectrum(samples) ** 2
    chroma = chroma_filters(tuning(power)) @ power
    chroma /= numpy.maximum(chroma.max(axis=0), 1e-30)
    bands = contrast(spectrum(samples))
    again = spectrum(samples)
    frequencies = numpy.fft.rfftfreq(FFT, 1 / RATE)[:, None]
    centroid = (frequencies * again).sum(axis=0) / numpy.maximum(again.sum(axis=0), 1e-30)
    return numpy.concatenate([mfcc, chroma, bands, centroid[None]]).mean(axis=1)


def measured(work, runs, warmups=3):
    """Quartiles of wall-clock and processor time in milliseconds."""
    wall, processor = [], []
    for run in range(warmups + runs):
        before = time.perf_counter(), os.times()
        work()
        after = time.perf_counter(), os.times()
        if run < warmups:
            continue
        wall.append(1000 * (after[0] - before[0]))
        # With that of ffmpeg, which has ended.
        processor.append(1000 * (sum(after[1][:4]) - sum(before[1][:4])))
    low, median, high = numpy.percentile(wall, (25, 50, 75))
    # The clock of processor time ticks every 10 ms: the mean is more exact than the median.
    return {"median": median, "low": low, "high": high, "cpu": float(numpy.mean(processor))}


def forest():
    from sklearn.ensemble import RandomForestClassifier

    random = numpy.random.default_rng(1)
    model = RandomForestClassifier(300, n_jobs=1, random_state=1)
    return model.fit(random.normal(size=(2452, MFCCS + 20)), random.integers(0, 8, 2452))


def trees(path):
    """Rows of float64 with their class in the last column, as bench/training.ts writes them."""
    import sklearn
    from sklearn.ensemble import RandomForestClassifier

    data = numpy.fromfile(path).reshape(2452, -1)
    X, y = data[:, :-1], data[:, -1].astype(int)
    found = {
        "forest": {
            "version": f"scikit-learn {sklearn.__version__}",
            **measured(lambda: RandomForestClassifier(300, n_jobs=1).fit(X, y), 3, 0),
        }
    }
    try:
        import xgboost
    except ImportError:
        return found
    options = {
        **{"objective": "multi:softprob", "num_class": 8, "tree_method": "hist"},
        **{"max_bin": 256, "max_depth": 5, "nthread": 1},
    }
    fit = lambda: xgboost.train(options, xgboost.DMatrix(X, y), 100)
    found["boosting"] = {"version": f"xgboost {xgboost.__version__}", **measured(fit, 3, 0)}
    return found


def network(shape):
    """The network of training/network/architecture.ts; `shape` holds its tables (bench/training.ts)."""
    import torch
    from torch import nn

    activations = {"relu": nn.ReLU, "hard-swish": nn.Hardswish, None: nn.Identity}

    def convolution(inputs, outputs, kernel, activation, stride=1, groups=1, frozen=False):
        # In what is frozen the normalisation is folded into the convolution, as it is in ours.
        layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, 1, groups, bias=frozen)
        norm = nn.Identity() if frozen else nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        return nn.Sequential(layer, norm, activations[activation]())

    class Excitation(nn.Module):
        def __init__(self, channels, squeeze):
            super().__init__()
            self.reduce, self.expand = nn.Linear(channels, squeeze), nn.Linear(squeeze, channels)

        def forward(self, x):
            gate = self.expand(torch.relu(self.reduce(x.mean((2, 3)))))
            return x * torch.sigmoid(gate)[:, :, None, None]

    class Block(nn.Module):
        def __init__(self, block, frozen):
            super().__init__()
            inputs, inner, outputs = block["input"], block["expansion"], block["output"]
            kernel, stride, activation = block["kernel"], block["stride"], block["activation"]
            layers = []
            if inner != inputs:
                layers.append(convolution(inputs, inner, 1, activation, frozen=frozen))
            layers.append(convolution(inner, inner, kernel, activation, stride, inner, frozen))
            if block["squeeze"]:
                layers.append(Excitation(inner, block["squeeze"]))
            layers.append(convolution(inner, outputs, 1, None, frozen=frozen))
            self.layers = nn.Sequential(*layers)
            self.is_residual = stride == 1 and inputs == outputs

        def forward(self, x):
            return x + self.layers(x) if self.is_residual else self.layers(x)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            blocks, frozen, width = shape["blocks"], shape["frozenBlocks"], shape["embedding"]
            first = convolution(1, shape["stem"], 3, "hard-swish", 2, frozen=frozen > 0)
            body = [first, *(Block(block, i < frozen) for i, block in enumerate(blocks))]
            start = frozen + 1 if frozen else 0
            last = convolution(blocks[-1]["output"], width, 1, "hard-swish")
            self.frozen = nn.Sequential(*body[:start]).requires_grad_(False)
            self.trained = nn.Sequential(*body[start:], last)
            self.attention = nn.Linear(width, 1, bias=False)
            self.norm = nn.BatchNorm1d(2 * width, momentum=0.01)
            self.dropout = nn.Dropout(shape["dropout"])
            self.emotion = nn.Linear(2 * width, shape["classes"])
            self.voice = nn.Linear(width, shape["voiceClasses"])

        def forward(self, windows):
            image = windows.transpose(1, 2)[:, None]
            x = self.trained(self.frozen(image)).mean(2).transpose(1, 2)
            weights = torch.softmax(self.attention(x), 1)
            average = (x * weights).sum(1)
            variance = torch.relu((x * x * weights).sum(1) - average * average)
            pooled = torch.cat([average, torch.sqrt(variance + 1e-3)], 1)
            return self.emotion(self.dropout(self.norm(pooled))), self.voice(average)

    return Network()


def step(shape):
    """Forward pass, loss, backward pass and AdamW on one batch; nothing where there is no PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    torch.manual_seed(1)
    windows = torch.randn(shape["batch"], shape["rows"], shape["bands"])
    targets = [
        torch.full((shape["batch"], classes), 1 / classes)
        for classes in (shape["classes"], shape["voiceClasses"])
    ]

    def in_layout(layout):
        model = network(shape).train().to(memory_format=layout)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(trained, lr=1e-3)

        def work():
            optimiser.zero_grad(set_to_none=True)
            loss = sum(map(torch.nn.functional.cross_entropy, model(windows), targets))
            loss.backward()
            optimiser.step()

        return {"parameters": sum(map(torch.numel, trained)), **measured(work, 10)}

    return {
        "version": f"PyTorch {torch.__version__}",
        "channelsLast": in_layout(torch.channels_last),
        "byDefault": in_layout(torch.contiguous_format),
    }


def main():
    mode, *arguments = sys.argv[1:]
    if mode == "warm":
        model = forest()
        classify = lambda: model.predict_proba(features(decode(arguments[0]))[None])
        return measured(classify, int(arguments[1]))
    if mode == "save":
        with open(arguments[0], "wb") as file:
            pickle.dump(forest(), file)
        return {}
    if mode == "once":
        with open(arguments[1], "rb") as file:
            model = pickle.load(file)
        return model.predict_proba(features(decode(arguments[0]))[None])[0].tolist()
    if mode == "features":
        samples = numpy.fromfile(arguments[0], "<f4")
        return measured(lambda: features(samples), 30)
    if mode == "trees":
        return trees(arguments[0])
    if mode == "step":
        return step(json.loads(arguments[0]))
    sys.exit(__doc__)


print(json.dumps(main()))
