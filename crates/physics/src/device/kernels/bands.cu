// Kernels of a reflectance model: one thread per sample for what is the same at every wavelength, then one warp per
// sample over the wavelengths, whose terms are added up to bands as they come.

#define ARGUMENTS \
    const Number *z, const double *conditions, const double *affine, const Number *table, const double *table_double, \
        double *workspace, int *list, Number *values, Number *jacobian, int n
#define SHARES z, conditions, affine, table, table_double, workspace, list, values, jacobian, n

// Rows of `affine`: smallest values and widths of the parameters, means and scales of the outputs
#define SMALLEST(k) affine[PLACE_OF_PARAMETER[k]]
#define WIDTH(k) affine[FREE + PLACE_OF_PARAMETER[k]]
#define MEAN(b) affine[2 * FREE + PLACE_OF_OUTPUT[b]]
#define SCALE(b) affine[2 * FREE + ASKED_OUTPUTS + PLACE_OF_OUTPUT[b]]
#define Z(i, k) z[(size_t)(i) * FREE + PLACE_OF_PARAMETER[k]]
#define VALUE(i, b) values[(size_t)(i) * ASKED_OUTPUTS + PLACE_OF_OUTPUT[b]]
#define SLOPE(i, b, k) jacobian[((size_t)(i) * ASKED_OUTPUTS + PLACE_OF_OUTPUT[b]) * FREE + PLACE_OF_PARAMETER[k]]

// Least absorptance of a leaf for which single precision is enough
#define LEAST_ABSORPTANCE_SINGLE 0.002f
#define ALL_LANES 0xffffffffu

SCALAR bool has_nan(const Number *z, int i) {
    bool nan = false;
    for (int k = 0; k < FREE; ++k) nan |= Z(i, k) != Z(i, k);
    return nan;
}

// A row with a NaN is computed in the middle of the ranges; its values become NaN
SCALAR void free_values(double *free, const Number *z, const double *affine, int i) {
    bool nan = has_nan(z, i);
    for (int k = 0; k < FREE; ++k) {
        double low = SMALLEST(k), high = low + WIDTH(k), at = nan ? 0.5 : (double)Z(i, k);
        double value = at * WIDTH(k) + low;
        free[k] = value < low ? low : value > high ? high : value;
    }
}

// n threads for values, n (1 + DIRECTIONS) with a Jacobian
extern "C" __global__ void scalars(ARGUMENTS) {
    size_t t = blockIdx.x * (size_t)blockDim.x + threadIdx.x;
    if (t == 0) list[0] = 0;
    if (t >= (size_t)n * (1 + DIRECTIONS)) return;
    int i = (int)(t % n), direction = (int)(t / n);
    double free[FREE];
    free_values(free, z, affine, i);
    Sample sample;
    int distribution = load_parameters(sample.at, free, conditions + (size_t)i * CONDITIONS);
    sample.along = direction == 0 ? EACH_ITS_OWN : DIRECTION_PARAMETERS[direction - 1];
    scalars_of(*(Scalars<double> *)(workspace + t * SCALARS), sample, distribution);
}

template <class L> struct Room {
    Scalars<L> sample;
    L terms[6][33];
    double sums[OUTPUTS * TERMS];
};

// Sums of TERMS_HERE terms of every output over all wavelengths, left in `room`; the least absorptance of a leaf, or 0
// where a sum is not finite
template <class S, int TERMS_HERE>
SPECTRAL typename S::L sum_up(Room<typename S::L> &room, const typename S::L *table, const double *from) {
    typedef typename S::L L;
    const int lane = threadIdx.x & 31;
    for (int k = lane; k < SCALARS; k += 32) ((L *)&room.sample)[k] = (L)from[k];
    for (int o = lane; o < OUTPUTS * TERMS_HERE; o += 32) room.sums[o] = 0.0;
    __syncwarp();
    const L *weights = table + TABLE_ROWS * NODES;
    L least = L(1);
    for (int chunk = 0; chunk < NODES / 32; ++chunk) {
        Response<L> response = response_at<S>(table, chunk * 32 + lane, room.sample);
        least = response.absorptance < least ? response.absorptance : least;
#pragma unroll
        for (int k = 0; k < (TERMS_HERE > 1 ? 6 : 1); ++k) room.terms[k][lane] = response.terms[k];
        __syncwarp();
        const int first = CHUNK_FROM[chunk], count = CHUNK_FROM[chunk + 1] - first;
        for (int k = lane; k < count * TERMS_HERE; k += 32) {
            const int entry = first + k / TERMS_HERE, term = k % TERMS_HERE, band = ENTRY_BAND[entry];
            const L *weight = weights + band * NODES + chunk * 32;
            L sum = L(0);
            if (term < 5) {
                for (int j = ENTRY_FROM[entry]; j < ENTRY_TO[entry]; ++j) sum = muladd(weight[j], room.terms[term][j], sum);
            } else {
                const L *absorption = table + (T_ABSORPTION + FREE_ABSORBERS[term - 5]) * NODES + chunk * 32;
                for (int j = ENTRY_FROM[entry]; j < ENTRY_TO[entry]; ++j)
                    sum = muladd(weight[j] * absorption[j], room.terms[5][j], sum);
            }
            room.sums[band * TERMS_HERE + term] += (double)sum;
        }
        __syncwarp();
    }
    for (int o = lane; o < OUTPUTS * TERMS_HERE; o += 32)
        if (!(fabs(room.sums[o]) < 1e300)) least = L(0);
#pragma unroll
    for (int with = 16; with > 0; with /= 2) {
        L other = __shfl_xor_sync(ALL_LANES, least, with);
        least = other < least ? other : least;
    }
    return least;
}

// One sample: values, and with TERMS_HERE > 1 the columns of the Jacobian that one sweep gives
template <class S, int TERMS_HERE>
SPECTRAL typename S::L sample_of(Room<typename S::L> &room, const typename S::L *table_here, int i, ARGUMENTS) {
    const int lane = threadIdx.x & 31;
    typename S::L least = sum_up<S, TERMS_HERE>(room, table_here, workspace + (size_t)i * SCALARS);
    const bool nan = has_nan(z, i);
    for (int b = lane; b < OUTPUTS; b += 32) {
        if (PLACE_OF_OUTPUT[b] < 0) continue;
        double value = (room.sums[b * TERMS_HERE] - MEAN(b)) / SCALE(b);
        VALUE(i, b) = nan ? NOT_A_NUMBER : (Number)value;
    }
    if (TERMS_HERE > 1) {
        for (int k = lane; k < OUTPUTS * SWEEP_COLUMNS; k += 32) {
            const int b = k / SWEEP_COLUMNS, at = k % SWEEP_COLUMNS, term = SWEEP_TERMS[at], column = SWEEP_AT[at];
            if (PLACE_OF_OUTPUT[b] < 0) continue;
            double slope = room.sums[b * TERMS_HERE + term];
            if (term >= 5) slope /= (double)room.sample.n;
            SLOPE(i, b, column) = (Number)(slope * WIDTH(column) / SCALE(b));
        }
    }
    __syncwarp();
    return least;
}

// One sample along one direction of the scene
template <class L> SPECTRAL L direction_of(Room<L> &room, const L *table_here, int i, int direction, ARGUMENTS) {
    const int lane = threadIdx.x & 31, column = DIRECTION_AT[direction];
    L least = sum_up<Direction<L>, 1>(room, table_here, workspace + ((size_t)(1 + direction) * n + i) * SCALARS);
    for (int b = lane; b < OUTPUTS; b += 32)
        if (PLACE_OF_OUTPUT[b] >= 0) SLOPE(i, b, column) = (Number)(room.sums[b] * WIDTH(column) / SCALE(b));
    __syncwarp();
    return least;
}

// Single precision is not enough: once more in double
SCALAR void put_on_list(int *list, int i) {
    if ((threadIdx.x & 31) == 0) list[1 + atomicAdd(&list[0], 1)] = i;
}

#define WARP (threadIdx.x / 32)
#define GLOBAL_WARP (blockIdx.x * (blockDim.x / 32) + WARP)
#define ALL_WARPS (gridDim.x * (blockDim.x / 32))

extern "C" __global__ void __launch_bounds__(THREADS) values_of(ARGUMENTS) {
    __shared__ Room<Number> rooms[THREADS / 32];
    for (int i = GLOBAL_WARP; i < n; i += ALL_WARPS) {
        Number least = sample_of<Values<Number>, 1>(rooms[WARP], table, i, SHARES);
        if (sizeof(Number) == 4 && least < (Number)LEAST_ABSORPTANCE_SINGLE) put_on_list(list, i);
    }
}
extern "C" __global__ void __launch_bounds__(THREADS) sweep(ARGUMENTS) {
    __shared__ Room<Number> rooms[THREADS / 32];
    for (int i = GLOBAL_WARP; i < n; i += ALL_WARPS) {
        Number least = sample_of<Derivatives<Number>, TERMS>(rooms[WARP], table, i, SHARES);
        if (sizeof(Number) == 4 && least < (Number)LEAST_ABSORPTANCE_SINGLE) put_on_list(list, i);
    }
}
#if DIRECTIONS > 0
extern "C" __global__ void __launch_bounds__(THREADS) directions(ARGUMENTS) {
    __shared__ Room<Number> rooms[THREADS / 32];
    for (long t = GLOBAL_WARP; t < (long)n * DIRECTIONS; t += ALL_WARPS) {
        Number least = direction_of(rooms[WARP], table, (int)(t % n), (int)(t / n), SHARES);
        // a weak absorber is on the list already
        if (sizeof(Number) == 4 && least == (Number)0) put_on_list(list, (int)(t % n));
    }
}
extern "C" __global__ void __launch_bounds__(THREADS) directions_again(ARGUMENTS) {
    __shared__ Room<double> rooms[THREADS / 32];
    for (long t = GLOBAL_WARP; t < (long)list[0] * DIRECTIONS; t += ALL_WARPS)
        direction_of(rooms[WARP], table_double, list[1 + t / DIRECTIONS], (int)(t % DIRECTIONS), SHARES);
}
#endif
extern "C" __global__ void __launch_bounds__(THREADS) values_again(ARGUMENTS) {
    __shared__ Room<double> rooms[THREADS / 32];
    for (int t = GLOBAL_WARP; t < list[0]; t += ALL_WARPS)
        sample_of<Values<double>, 1>(rooms[WARP], table_double, list[1 + t], SHARES);
}
extern "C" __global__ void __launch_bounds__(THREADS) sweep_again(ARGUMENTS) {
    __shared__ Room<double> rooms[THREADS / 32];
    for (int t = GLOBAL_WARP; t < list[0]; t += ALL_WARPS)
        sample_of<Derivatives<double>, TERMS>(rooms[WARP], table_double, list[1 + t], SHARES);
}
