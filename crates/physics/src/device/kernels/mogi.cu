// Mogi's point source: one thread per sample and station. In step with src/mogi.rs, where the formulas stand.

template <bool JACOBIAN>
__device__ inline void displacements(const Number *z, const double *affine, const double *stations, Number *values,
                                     Number *jacobian, int n) {
    size_t t = blockIdx.x * (size_t)blockDim.x + threadIdx.x;
    if (t >= (size_t)n * STATIONS) return;
    const size_t i = t / STATIONS;
    const int j = (int)(t % STATIONS);
    bool nan = false;
    for (int k = 0; k < 4; ++k) nan |= z[i * 4 + PLACE_OF_PARAMETER[k]] != z[i * 4 + PLACE_OF_PARAMETER[k]];
    double at[4];
    for (int k = 0; k < 4; ++k) {
        const int place = PLACE_OF_PARAMETER[k];
        double low = affine[place], width = affine[4 + place], value = (nan ? 0.5 : (double)z[i * 4 + place]) * width + low;
        at[k] = value < low ? low : value > low + width ? low + width : value;
    }
    const double along[3] = {stations[2 * j] - at[0] * 1e3, stations[2 * j + 1] - at[1] * 1e3, at[2] * 1e3};
    const double r2 = along[0] * along[0] + along[1] * along[1] + along[2] * along[2];
    const double per_volume = (1.0 - POISSON_RATIO) / 3.14159265358979323846 / (r2 * sqrt(r2));
    const double a = per_volume * (at[3] * 1e5 - 1e7);
    const double *mean = affine + 8, *scale = mean + ASKED_OUTPUTS;
    for (int axis = 0; axis < 3; ++axis) {
        const int output = PLACE_OF_OUTPUT[axis * STATIONS + j];
        if (output < 0) continue;
        values[i * ASKED_OUTPUTS + output] = nan ? NOT_A_NUMBER : (Number)((a * along[axis] * 1e3 - mean[output]) / scale[output]);
        if (!JACOBIAN) continue;
        Number *row = jacobian + (i * ASKED_OUTPUTS + output) * 4;
        for (int k = 0; k < 3; ++k) {
            // the way to the station shortens as the source moves east and north
            const double slope = (k < 2 ? -a : a) * ((axis == k ? 1.0 : 0.0) - 3.0 * along[axis] * along[k] / r2);
            row[PLACE_OF_PARAMETER[k]] = (Number)(slope * 1e3 * 1e3 * affine[4 + PLACE_OF_PARAMETER[k]] / scale[output]);
        }
        row[PLACE_OF_PARAMETER[3]] = (Number)(per_volume * along[axis] * 1e3 * 1e5 * affine[4 + PLACE_OF_PARAMETER[3]] / scale[output]);
    }
}

#define ARGUMENTS \
    const Number *z, const double *conditions, const double *affine, const Number *table, const double *table_double, \
        double *workspace, int *list, Number *values, Number *jacobian, int n

extern "C" __global__ void values_of(ARGUMENTS) { displacements<false>(z, affine, table_double, values, jacobian, n); }
extern "C" __global__ void sweep(ARGUMENTS) { displacements<true>(z, affine, table_double, values, jacobian, n); }
