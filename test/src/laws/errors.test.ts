/** What each operation says when it is called wrongly: one sentence, in its own name, at the call. */
import { CotangentError, ones, randomKey, tensor, zeros } from '@cotangent/core'
import * as ops from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { operations } from './all.ts'

// Wrong calls are made as untyped code makes them: types would refuse most.
const key = randomKey(0) as never
const integers = (...numbers: number[]) => tensor(numbers, { dtype: 'int32' })

const wrongCalls: readonly (readonly [call: () => unknown, message: string])[] = [
  [() => ops.clip(ones([2]), { min: 2, max: 1 }), 'clip: min 2 is not below max 1; exchange them'],
  [
    () => ops.clip(integers(1), { min: 0.5 }),
    'clip: 0.5 is not a value of int32, the dtype of the tensor beside it; cast that tensor first',
  ],
  [
    () => ops.where(ones([2]) as never, 1, 0),
    'where: the condition of shape [2] is float32; compare it, as in notEqual(x, 0), to get a bool',
  ],
  [
    () => ops.where(tensor([true, false]), ones([3]), 0),
    'where: shapes do not broadcast, [2] and [3] and [] differ at axis −1 (2 and 3); lengths must agree or be 1, so reshape or transpose one of them',
  ],
  [
    () => ops.leakyRelu(key),
    'leakyRelu: a random key takes no part in arithmetic; draw numbers from it with uniform or normal',
  ],
  [
    () => ops.mean(ones([2, 3]), { axis: 2 }),
    'mean: axis 2 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.variance(ones([2, 3]), { axis: [0, -2] }),
    'variance: axis 0 is named twice in [0, 0]; name each axis once',
  ],
  [
    () => ops.sum(ones([2, 3]), { axis: 0.5 }),
    'sum: axis 0.5 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.prod(ones([2, 3]), { axis: -3 }),
    'prod: axis -3 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [() => ops.max(ones([]), { axis: 0 }), 'max: axis 0 is not an axis of a tensor of rank 0; a scalar has no axes'],
  [
    () => ops.max(zeros([2, 0]), { axis: 1 }),
    'max: a tensor of shape [2, 0] has no elements to choose from; check that it is not empty',
  ],
  [() => ops.min(zeros([0])), 'min: a tensor of shape [0] has no elements to choose from; check that it is not empty'],
  [
    () => ops.argMax(zeros([2, 0]), { axis: 1 }),
    'argMax: a tensor of shape [2, 0] has no elements to choose from; check that it is not empty',
  ],
  [
    () => ops.argMax(ones([2]), { axis: 1 }),
    'argMax: axis 1 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [() => ops.argMin(ones([2, 2]), { axis: [1, 1] }), 'argMin: axis 1 is named twice in [1, 1]; name each axis once'],
  [
    () => ops.argMin(zeros([0, 2])),
    'argMin: a tensor of shape [0, 2] has no elements to choose from; check that it is not empty',
  ],
  [
    () => ops.logSumExp(zeros([2, 0]), { axis: 1 }),
    'logSumExp: a tensor of shape [2, 0] has no elements to choose from; check that it is not empty',
  ],
  [
    () => ops.logSumExp(ones([2, 3]), { axis: 2 }),
    'logSumExp: axis 2 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.cumsum(ones([2]), { axis: 1 }),
    'cumsum: axis 1 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [() => ops.softmax(ones([])), 'softmax: axis -1 is not an axis of a tensor of rank 0; a scalar has no axes'],
  [
    () => ops.softmax(ones([2]), { axis: 3 }),
    'softmax: axis 3 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [
    () => ops.softmax(zeros([2, 0])),
    'softmax: a tensor of shape [2, 0] has no elements to choose from; check that it is not empty',
  ],
  [
    () => ops.logSoftmax(ones([2, 2]), { axis: [0, 0] }),
    'logSoftmax: axis 0 is named twice in [0, 0]; name each axis once',
  ],
  [
    () => ops.logSoftmax(zeros([0])),
    'logSoftmax: a tensor of shape [0] has no elements to choose from; check that it is not empty',
  ],
  [
    () => ops.matmul(ones([100, 784]), ones([50, 10])),
    'matmul: inner dimensions differ, [100, 784] · [50, 10]; transpose one operand or check the layer widths',
  ],
  [() => ops.matmul(ones([]), ones([2])), 'matmul: a scalar is not a matrix, [] · [2]; use mul'],
  [
    () => ops.matmul(ones([2, 2, 3]), ones([3, 3, 4])),
    'matmul: shapes do not broadcast, [2] and [3] differ at axis −1 (2 and 3); lengths must agree or be 1, so reshape or transpose one of them',
  ],
  [
    () => ops.einsum('ij,jk->ik', ones([2, 3]), ones([4, 5])),
    'einsum: "ij,jk->ik" gives j the lengths 3 and 4 (shapes [2, 3] and [4, 5]); axes of one letter must agree',
  ],
  [() => ops.einsum('ij,jk', ones([2, 3])), 'einsum: "ij,jk" names 2 operands, 1 were given; give one for each'],
  [() => ops.einsum('ij->k', ones([2, 3])), 'einsum: "ij->k" has k on the right, which no operand has; remove it'],
  [() => ops.einsum('ij->ii', ones([2, 3])), 'einsum: "ij->ii" names an axis twice on the right; name each once'],
  [
    () => ops.einsum('i1->i', ones([2, 3])),
    'einsum: the equation "i1->i" cannot be read; write letters for axes, as in "ij,jk->ik"',
  ],
  [
    () => ops.einsum('i->j->i', ones([2])),
    'einsum: the equation "i->j->i" cannot be read; write letters for axes, as in "ij,jk->ik"',
  ],
  [
    () => ops.einsum('ijk->i', ones([2, 3])),
    'einsum: the term "ijk" of "ijk->i" names 3 axes, its operand has shape [2, 3]; name every axis',
  ],
  [
    () => ops.einsum('ii->i', ones([2, 3])),
    'einsum: "ii->i" takes a diagonal over i, whose lengths differ in shape [2, 3]; both must agree',
  ],
  [
    () => ops.einsum('...i,...i->...', ones([2, 3]), ones([4, 3])),
    'einsum: "...i,...i->..." gives an axis of the ellipsis the lengths 2 and 4 (shapes [2, 3] and [4, 3]); axes of one letter must agree',
  ],
  [
    () => ops.einsum('i...', ones([])),
    'einsum: the term "i..." of "i..." names 1 axes, its operand has shape []; name every axis',
  ],
  [
    () => ops.reshape(ones([2, 3]), [4]),
    'reshape: 6 elements of shape [2, 3] do not fill the shape [4]; the products of the lengths must agree',
  ],
  [
    () => ops.reshape(ones([2, 3]), [-1, -1]),
    'reshape: 6 elements of shape [2, 3] do not fill the shape [-1, -1]; the products of the lengths must agree',
  ],
  [
    () => ops.reshape(ones([2, 3]), [4, -1]),
    'reshape: 6 elements of shape [2, 3] do not fill the shape [4, -1]; the products of the lengths must agree',
  ],
  [
    () => ops.reshape(ones([2, 3]), [1.5, 4]),
    'reshape: 6 elements of shape [2, 3] do not fill the shape [1.5, 4]; the products of the lengths must agree',
  ],
  [
    () => ops.flatten(ones([2, 3]), { start: 3 }),
    'flatten: axis 3 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.transpose(ones([2, 3]), [0]),
    'transpose: [0] is not a permutation of the 2 axes of shape [2, 3]; name each axis once',
  ],
  [
    () => ops.transpose(ones([2, 3]), [0, 0]),
    'transpose: [0, 0] is not a permutation of the 2 axes of shape [2, 3]; name each axis once',
  ],
  [
    () => ops.transpose(ones([2, 3]), [0, 2]),
    'transpose: axis 2 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.expandDims(ones([2]), { axis: 3 }),
    'expandDims: axis 3 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.expandDims(ones([2]), { axis: [0, 0] }),
    'expandDims: axis 0 is named twice in [0, 0]; name each axis once',
  ],
  [
    () => ops.squeeze(ones([2, 1]), { axis: 0 }),
    'squeeze: axis 0 of shape [2, 1] has length 2; only axes of length 1 can go',
  ],
  [
    () => ops.squeeze(ones([2, 1]), { axis: 5 }),
    'squeeze: axis 5 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.broadcastTo(ones([3]), [2]),
    'broadcastTo: shapes do not broadcast, [3] and [2] differ at axis −1 (3 and 2); lengths must agree or be 1, so reshape or transpose one of them',
  ],
  [
    () => ops.broadcastTo(ones([2, 3]), [3]),
    'broadcastTo: shape [2, 3] does not broadcast to [3]; only axes of length 1 can grow',
  ],
  [() => ops.cast(key, 'float32'), 'cast: a random key is not a number, nor the other way round; use randomKey(seed)'],
  [
    () => ops.cast(ones([2]), 'key'),
    'cast: a random key is not a number, nor the other way round; use randomKey(seed)',
  ],
  [
    () => ops.slice(ones([2]), { begin: [0, 0] }),
    'slice: 2 entries for the 1 axes of shape [2]; give at most one an axis',
  ],
  [() => ops.slice(ones([2]), { begin: [0.5] }), 'slice: the bound 0.5 is not an integer; round it first'],
  [() => ops.slice(ones([2]), { step: [0] }), 'slice: a step of 0 does not move; give a positive or negative one'],
  [() => ops.concat([]), 'concat: the list is empty; give at least one tensor'],
  [
    () => ops.concat([ones([2, 3]), ones([3, 2])], { axis: 0 }),
    'concat: shapes [2, 3] and [3, 2] differ outside axis 0; all other axes must agree',
  ],
  [
    () => ops.concat([ones([2]), ones([2])], { axis: 1 }),
    'concat: axis 1 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [() => ops.stack([]), 'stack: the list is empty; give at least one tensor'],
  [() => ops.stack([ones([2]), ones([3])]), 'stack: shapes [2] and [3] differ; all tensors need one shape'],
  [
    () => ops.stack([ones([2])], { axis: 3 }),
    'stack: axis 3 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.split(ones([5]), { parts: 2 }),
    'split: axis 0 of shape [5] cannot be cut into 2 equal pieces; the pieces must add up to 5',
  ],
  [
    () => ops.split(ones([5]), { sizes: [2, 2] }),
    'split: axis 0 of shape [5] cannot be cut into pieces of [2, 2]; the pieces must add up to 5',
  ],
  [
    () => ops.split(ones([5]), { sizes: [6, -1] }),
    'split: axis 0 of shape [5] cannot be cut into pieces of [6, -1]; the pieces must add up to 5',
  ],
  [
    () => ops.split(ones([5]), { axis: 1, parts: 1 }),
    'split: axis 1 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [
    () => ops.pad(ones([2]), []),
    'pad: the widths [] do not fit shape [2]; give a pair of non-negative integers for each axis',
  ],
  [
    () => ops.pad(ones([2]), [[-1, 0]]),
    'pad: the widths [[-1,0]] do not fit shape [2]; give a pair of non-negative integers for each axis',
  ],
  [
    () => ops.pad(integers(1), [[1, 1]], { value: 0.5 }),
    'pad: 0.5 is not a value of int32, the dtype of the tensor beside it; cast that tensor first',
  ],
  [() => ops.take(ones([3]), [3]), 'take: index 3 (element 0 of the indices) is outside 0 to 2'],
  [() => ops.take(ones([3]), [-1]), 'take: index -1 (element 0 of the indices) is outside 0 to 2'],
  [() => ops.take(ones([3]), ones([2])), 'take: the indices are float32; cast them to int32'],
  [() => ops.take(ones([3]), [0.5]), 'take: the index 0.5 is not an integer; round it first'],
  [
    () => ops.take(ones([3]), [0], { axis: 1 }),
    'take: axis 1 is not an axis of a tensor of rank 1; axes run from -1 to 0',
  ],
  [
    () => ops.takeAlongAxis(ones([2, 3]), [[3]], { axis: 1 }),
    'takeAlongAxis: index 3 (element 0 of the indices) is outside 0 to 2',
  ],
  [
    () => ops.takeAlongAxis(ones([2, 3]), [0], { axis: 1 }),
    'takeAlongAxis: indices of shape [1] for a tensor of shape [2, 3]; both need the same rank',
  ],
  [
    () => ops.takeAlongAxis(ones([2, 3]), [[0], [0], [0]], { axis: 1 }),
    'takeAlongAxis: shapes do not broadcast, [2, 1] and [3, 1] differ at axis −2 (2 and 3); lengths must agree or be 1, so reshape or transpose one of them',
  ],
  [() => ops.oneHot([3], { classes: 3 }), 'oneHot: index 3 (element 0 of the indices) is outside 0 to 2'],
  [() => ops.oneHot(ones([2]), { classes: 3 }), 'oneHot: the indices are float32; cast them to int32'],
  [() => ops.oneHot([0], { classes: 1.5 }), 'oneHot: cannot make rows of 1.5 classes; give an integer from 0 up'],
  [
    () => ops.scatterAdd(zeros([3]), [3], ones([1])),
    'scatterAdd: index 3 (element 0 of the indices) is outside 0 to 2',
  ],
  [
    () => ops.scatterAdd(zeros([3]), [0, 1], ones([3])),
    'scatterAdd: updates of shape [3] do not fit indices of shape [2] along axis 0 of [3]; they need shape [2]',
  ],
  [
    () => ops.scatterAdd(tensor([true]), [0], tensor([true])),
    'scatterAdd: bool tensors cannot be added up; cast to int32 or a float',
  ],
  [() => ops.embedding(ones([3]), [0]), 'embedding: the table has shape [3]; it needs two axes, [count, width]'],
  [() => ops.embedding(ones([3, 2]), [3]), 'embedding: index 3 (element 0 of the indices) is outside 0 to 2'],
  [
    () => ops.im2col(ones([3, 3]), { kernel: 2 }),
    'im2col: the input has shape [3, 3]; it needs four axes, [N, C, H, W]',
  ],
  [
    () => ops.im2col(ones([1, 1, 3, 3]), { kernel: 4 }),
    'im2col: the kernel reaches over 4 rows, input [1, 1, 3, 3] has 3; use a smaller kernel or more padding',
  ],
  [
    () => ops.im2col(ones([1, 1, 3, 3]), { kernel: 0 }),
    'im2col: kernel 0 is not an integer from 1 up, or a pair of them',
  ],
  [
    () => ops.col2im(ones([3, 3]), { shape: [1, 1, 3, 3], kernel: 2 }),
    'col2im: the rows have shape [3, 3], images of shape [1, 1, 3, 3] need [4, 4]',
  ],
  [
    () => ops.col2im(ones([4, 4]), { shape: [3, 3], kernel: 2 }),
    'col2im: the input has shape [3, 3]; it needs four axes, [N, C, H, W]',
  ],
  [
    () => ops.conv2d(ones([1, 3, 5, 5]), ones([2, 4, 3, 3]), null),
    'conv2d: input [1, 3, 5, 5], filters [2, 4, 3, 3]; with one group the filters need 3 channels',
  ],
  [
    () => ops.conv2d(ones([3, 5, 5]), ones([2, 3, 3, 3]), null),
    'conv2d: input [3, 5, 5], filters [2, 3, 3, 3]; the input needs the axes [N, C, H, W] and the filters [O, C / groups, KH, KW]',
  ],
  [
    () => ops.conv2d(ones([1, 1, 3, 3]), ones([1, 1, 5, 5]), null, { pad: [1, 0] }),
    'conv2d: the kernel reaches over 5 columns, input [1, 1, 3, 3] has 3; use a smaller kernel or more padding',
  ],
  [
    () => ops.conv2d(ones([1, 3, 5, 5]), ones([2, 3, 3, 3]), ones([3])),
    'conv2d: the bias has shape [3]; 2 filters need [2]',
  ],
  [
    () => ops.conv2d(ones([1, 3, 5, 5]), ones([2, 3, 3, 3]), null, { groups: 2 }),
    'conv2d: 2 groups do not divide the 3 channels and 2 filters of input [1, 3, 5, 5], filters [2, 3, 3, 3]',
  ],
  [
    () => ops.conv2d(ones([1, 4, 5, 5]), ones([2, 4, 3, 3]), null, { groups: 2 }),
    'conv2d: input [1, 4, 5, 5], filters [2, 4, 3, 3]; with 2 groups the filters need 2 channels',
  ],
  [
    () => ops.conv2d(ones([1, 4, 5, 5]), ones([2, 4, 3, 3]), null, { groups: 0 }),
    'conv2d: groups 0 is not a positive integer',
  ],
  [
    () => ops.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { stride: 0 }),
    'conv2d: stride 0 is not an integer from 1 up, or a pair of them',
  ],
  [
    () => ops.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { pad: -1 }),
    'conv2d: pad -1 is not an integer from 0 up, or a pair of them',
  ],
  [
    () => ops.conv2d(ones([1, 1, 5, 5]), ones([1, 1, 3, 3]), null, { dilation: 1.5 }),
    'conv2d: dilation 1.5 is not an integer from 1 up, or a pair of them',
  ],
  [
    () => ops.maxPool2d(ones([3, 3]), { kernel: 2 }),
    'maxPool2d: the input has shape [3, 3]; it needs four axes, [N, C, H, W]',
  ],
  [
    () => ops.maxPool2d(ones([1, 1, 3, 3]), { kernel: [1, 4] }),
    'maxPool2d: the kernel reaches over 4 columns, input [1, 1, 3, 3] has 3; use a smaller kernel or more padding',
  ],
  [
    () => ops.maxPool2d(ones([1, 1, 3, 3]), { kernel: 2, pad: 2 }),
    'maxPool2d: padding 2 is not less than the kernel 2; some windows would hold padding alone',
  ],
  [
    () => ops.avgPool2d(ones([1, 1, 3, 3]), { kernel: 2, stride: 0 }),
    'avgPool2d: stride 0 is not an integer from 1 up, or a pair of them',
  ],
  [
    () => ops.avgPool2d(ones([1, 1, 3, 3]), { kernel: 2, pad: [0, 2] }),
    'avgPool2d: padding [0,2] is not less than the kernel 2; some windows would hold padding alone',
  ],
  [
    () => ops.softmaxCrossEntropy(ones([3]), integers(0)),
    'softmaxCrossEntropy: the logits have shape [3]; they need two axes, [N, C]',
  ],
  [
    () => ops.softmaxCrossEntropy(ones([2, 3]), integers(0, 3)),
    'softmaxCrossEntropy: label 3 at index 1 is not a class; 3 logits a row have the classes 0 to 2',
  ],
  [
    () => ops.softmaxCrossEntropy(ones([2, 3]), integers(0, 1, 2)),
    'softmaxCrossEntropy: labels of shape [3] do not fit logits of shape [2, 3]; give class indices [2] or probabilities [2, 3]',
  ],
  [
    () => ops.softmaxCrossEntropy(ones([2, 3]), ones([2])),
    'softmaxCrossEntropy: class indices are float32; cast them to int32, or give probabilities [2, 3]',
  ],
  [
    () => ops.softmaxCrossEntropy(ones([2, 3]), ones([3, 2])),
    'softmaxCrossEntropy: labels of shape [3, 2] do not fit logits of shape [2, 3]; give class indices [2] or probabilities [2, 3]',
  ],
  [
    () => ops.meanSquaredError(ones([2]), ones([3])),
    'meanSquaredError: shapes [2] and [3] differ; predictions and targets need one shape',
  ],
  [
    () => ops.binaryCrossEntropy(ones([2]), ones([2, 1])),
    'binaryCrossEntropy: shapes [2] and [2, 1] differ; predictions and targets need one shape',
  ],
  [
    () => ops.dropout(ones([2]), key, { rate: 1 }),
    'dropout: the rate 1 is outside [0, 1); it is the share of elements set to 0',
  ],
  [
    () => ops.dropout(ones([2]), key, { rate: -0.1 }),
    'dropout: the rate -0.1 is outside [0, 1); it is the share of elements set to 0',
  ],
  [
    () => ops.dropout(ones([2]), ones([]) as never, { rate: 0.5 }),
    'dropout: a float32 tensor of shape [] is not one random key; make one with randomKey(seed) or splitKey',
  ],
  [
    () => ops.normalize(ones([2, 3]), ones([2]), ones([3]), ones([3]), ones([3])),
    'normalize: mean has shape [2], input [2, 3] over the axes [0] needs [3]',
  ],
  [
    () => ops.normalize(ones([2, 3]), ones([3]), ones([3]), ones([3]), ones([3]), { epsilon: -1 }),
    'normalize: epsilon -1 is negative; it is added to a variance, so give a small positive number',
  ],
  [
    () => ops.normalize(ones([2, 3]), ones([3]), ones([3]), ones([3]), ones([3]), { axes: [2] }),
    'normalize: axis 2 is not an axis of a tensor of rank 2; axes run from -2 to 1',
  ],
  [
    () => ops.batchNorm(ones([2, 3]), ones([2]), ones([3])),
    'batchNorm: gamma has shape [2], input [2, 3] over the axes [0] needs [3]',
  ],
  [
    () => ops.batchNorm(ones([2, 3]), ones([3]), ones([3]), { epsilon: -1 }),
    'batchNorm: epsilon -1 is negative; it is added to a variance, so give a small positive number',
  ],
  [
    () => ops.batchNorm(ones([2, 3]), ones([3]), ones([3]), { axes: [0, 0] }),
    'batchNorm: axis 0 is named twice in [0, 0]; name each axis once',
  ],
  [
    () => ops.layerNorm(ones([2, 3]), ones([3]), ones([2])),
    'layerNorm: beta has shape [2], input [2, 3]; gamma and beta need the shape of its last axes',
  ],
  [
    () => ops.layerNorm(ones([3]), ones([2, 3]), ones([2, 3])),
    'layerNorm: gamma has shape [2, 3], input [3]; gamma and beta need the shape of its last axes',
  ],
  [
    () => ops.layerNorm(ones([2, 3]), ones([3]), ones([3]), { epsilon: -1 }),
    'layerNorm: epsilon -1 is negative; it is added to a variance, so give a small positive number',
  ],
  [() => ops.uniform(key, [2, -1]), 'uniform: shape [2, -1] has the length -1; lengths are integers from 0 up'],
  [
    () => ops.uniform(ones([2]) as never, [2]),
    'uniform: a float32 tensor of shape [2] is not one random key; make one with randomKey(seed) or splitKey',
  ],
  [() => ops.uniform(key, [2], { low: 1, high: 0 }), 'uniform: low 1 is above high 0; exchange them'],
  [
    () => ops.uniform(key, [2], { dtype: 'int32' as never }),
    'uniform: numbers are drawn as float32 or float64, not as int32; cast them',
  ],
  [() => ops.normal(key, [2], { std: -1 }), 'normal: the standard deviation -1 is negative; give a number from 0 up'],
  [
    () => ops.normal(ones([]) as never, [2]),
    'normal: a float32 tensor of shape [] is not one random key; make one with randomKey(seed) or splitKey',
  ],
  [() => ops.bernoulli(key, [2], { p: 2 }), 'bernoulli: the probability 2 is outside [0, 1]'],
  [() => ops.bernoulli(key, [1.5]), 'bernoulli: shape [1.5] has the length 1.5; lengths are integers from 0 up'],
  [() => ops.permutation(key, -1), 'permutation: cannot order -1 things; give an integer from 0 up'],
  [
    () => ops.permutation(ones([]) as never, 3),
    'permutation: a float32 tensor of shape [] is not one random key; make one with randomKey(seed) or splitKey',
  ],
]

/** Operations that take numbers, and one operand that is none. */
const ofNumbers = [
  ...([
    'neg',
    'abs',
    'sign',
    'exp',
    'expm1',
    'log',
    'log1p',
    'sqrt',
    'square',
    'reciprocal',
    'sin',
    'cos',
    'tanh',
  ] as const),
  ...([
    'sigmoid',
    'relu',
    'elu',
    'silu',
    'gelu',
    'softplus',
    'erf',
    'leakyRelu',
    'mean',
    'prod',
    'max',
    'min',
  ] as const),
  ...(['variance', 'logSumExp', 'argMax', 'argMin', 'cumsum', 'softmax', 'logSoftmax'] as const),
]

const ofTwoOperands = [
  ...(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum'] as const),
  ...(['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const),
]

test.each(wrongCalls.map(([call, message]) => [message, call] as const))('%s', (message, call) => {
  const error = thrownBy(call)
  expect(error).toBeInstanceOf(CotangentError)
  expect(error).toHaveProperty('message', message)
})

/** The operations as untyped code sees them. */
const untyped: Readonly<Record<string, (...operands: unknown[]) => unknown>> = { ...(ops as object) }

test.each(ofNumbers)('%s of a random key', (name) => {
  expect(() => untyped[name]!(key)).toThrow(
    `${name}: a random key takes no part in arithmetic; draw numbers from it with uniform or normal`,
  )
})

describe.each(ofTwoOperands)('%s', (name) => {
  const operation = untyped[name]!

  test('shapes that do not broadcast', () => {
    expect(() => operation(ones([2, 3]), ones([2]))).toThrow(
      `${name}: shapes do not broadcast, [2, 3] and [2] differ at axis −1 (3 and 2); lengths must agree or be 1, so reshape or transpose one of them`,
    )
  })

  test('a random key, an array, a missing operand', () => {
    expect(() => operation(ones([2]), key)).toThrow(`${name}: a random key takes no part in arithmetic`)
    expect(() => operation([1, 2], ones([2]))).toThrow(`${name}: input 0 is an array; pass a tensor or a number`)
    expect(() => operation(ones([2]))).toThrow(`${name}: takes 2 inputs, got 1`)
  })
})

// Division of integers is in float32, which holds every number.
test.each(ofTwoOperands.filter((name) => name !== 'div'))('%s of int32 and a fraction', (name) => {
  expect(() => untyped[name]!(integers(1), 0.5)).toThrow(
    `${name}: 0.5 is not a value of int32, the dtype of the tensor beside it; cast that tensor first`,
  )
})

test('every operation is called wrongly here', () => {
  const called = [...wrongCalls.map(([, message]) => message.split(':')[0]), ...ofNumbers, ...ofTwoOperands]
  expect([...new Set(called)].sort()).toEqual(operations)
})

function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
