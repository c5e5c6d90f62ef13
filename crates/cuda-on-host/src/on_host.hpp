// What CUDA C needs to be C++ of the host: its words, its built-in variables, and threads that take turns.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __ldg(pointer) (*(pointer))

struct Dim3 { unsigned x, y, z; };
static Dim3 threadIdx, blockIdx, blockDim, gridDim;
static const unsigned warpSize = 32;

// Threads of a block are coroutines; a barrier lets each of the others run up to theirs.
namespace on_host {
struct Thread { ucontext_t context; std::vector<char> stack; bool ended; };
static std::vector<Thread> threads;
static std::vector<char> exchanged;
static ucontext_t scheduler;
static unsigned current;
static void (*body)();

static void run_thread() {
    body();
    threads[current].ended = true;
    swapcontext(&threads[current].context, &scheduler);
}
static void wait() { swapcontext(&threads[current].context, &scheduler); }

static void run_block(unsigned block) {
    threads.resize(block);
    exchanged.resize(8 * block);
    for (Thread &thread : threads) {
        thread.stack.resize(512 << 10);
        thread.ended = false;
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = thread.stack.data();
        thread.context.uc_stack.ss_size = thread.stack.size();
        thread.context.uc_link = &scheduler;
        makecontext(&thread.context, run_thread, 0);
    }
    for (bool alive = true; alive;) {
        alive = false;
        for (current = 0; current < block; ++current) {
            if (threads[current].ended) continue;
            threadIdx = {current, 0, 0};
            swapcontext(&scheduler, &threads[current].context);
            alive |= !threads[current].ended;
        }
    }
}

template <class T> static T from_lane(T value, unsigned lane) {
    unsigned self = threadIdx.x, source = (self & ~31u) + lane;
    std::memcpy(&exchanged[8 * self], &value, sizeof(T));
    wait();
    T result = value;
    if (lane < 32 && source < blockDim.x) std::memcpy(&result, &exchanged[8 * source], sizeof(T));
    wait();
    return result;
}
}  // namespace on_host

static inline void __syncthreads() { on_host::wait(); }
static inline void __syncwarp(unsigned = ~0u) { on_host::wait(); }
template <class T> static T __shfl_sync(unsigned, T value, unsigned lane) { return on_host::from_lane(value, lane & 31); }
template <class T> static T __shfl_down_sync(unsigned, T value, unsigned by) { return on_host::from_lane(value, (threadIdx.x & 31) + by); }
template <class T> static T __shfl_xor_sync(unsigned, T value, unsigned with) { return on_host::from_lane(value, (threadIdx.x & 31) ^ with); }
template <class T> static T atomicAdd(T *to, T value) { T before = *to; *to += value; return before; }
static inline float __uint_as_float(unsigned bits) { float value; std::memcpy(&value, &bits, 4); return value; }
static inline unsigned __float_as_uint(float value) { unsigned bits; std::memcpy(&bits, &value, 4); return bits; }
static inline int __float_as_int(float value) { return (int)__float_as_uint(value); }
static inline float __int_as_float(int bits) { return __uint_as_float((unsigned)bits); }
