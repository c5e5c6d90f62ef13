// PyTorch's Adam with AMSGrad; before it the guard and the norm for clipping. In step with adam.rs.

#define THREADS 256

// sum += part
extern "C" __global__ void add(number *sum, const number *part, int n) {
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < n; i += gridDim.x * THREADS) sum[i] += part[i];
}

// Each block's sum of the squares of finite elements and its number of others, which become 0 where asked for; in an
// order that depends on the launch alone
extern "C" __global__ void guard(number *gradient, double *squares, double *others, int n, int zero_others) {
    __shared__ double sums[THREADS], counts[THREADS];
    const int t = threadIdx.x;
    double sum = 0.0, count = 0.0;
    for (int i = blockIdx.x * THREADS + t; i < n; i += gridDim.x * THREADS) {
        const double g = gradient[i];
        if (g - g == 0.0) {
            sum += g * g;
        } else {
            count += 1.0;
            if (zero_others) gradient[i] = 0;
        }
    }
    sums[t] = sum;
    counts[t] = count;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (t < half) {
            sums[t] += sums[t + half];
            counts[t] += counts[t + half];
        }
        __syncthreads();
    }
    if (t == 0) {
        squares[blockIdx.x] = sums[0];
        others[blockIdx.x] = counts[0];
    }
}

// settings: scale, weight decay, 1 - beta1, beta2, 1 - beta2, rate, root of the second bias correction, eps.
// What is to be taken off the parameter goes to `change`; `largest` has elements with AMSGrad only
extern "C" __global__ void update(const number *gradient, const number *parameter, number *mean, number *square,
                                  number *largest, number *change, const number *settings, int n, int amsgrad) {
    const number scale = settings[0], decay = settings[1], rest1 = settings[2], beta2 = settings[3], rest2 = settings[4],
                 rate = settings[5], bias2 = settings[6], eps = settings[7];
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < n; i += gridDim.x * THREADS) {
        const number g = gradient[i] * scale + decay * parameter[i];
        mean[i] = mean[i] + (g - mean[i]) * rest1;
        number divisor = square[i] = square[i] * beta2 + g * g * rest2;
        if (amsgrad) divisor = largest[i] = largest[i] > divisor ? largest[i] : divisor;
        change[i] = rate * (mean[i] / (sqrt(divisor) / bias2 + eps));
    }
}
