// Numbers that count what is done with them, in the place of float and double: of the same size, with the same results.
// An addition, a multiplication, a division, a root or a function of the library is one operation, a fused
// multiplication and addition two. Signs, comparisons, minima and conversions are none, nor is what a compiler must
// evaluate itself (constexpr).
#include <type_traits>

namespace on_host {
static unsigned long long operations_single, operations_double;

template <class V> struct Counted {
    V v;
    Counted() = default;
    template <class A, class = std::enable_if_t<std::is_arithmetic<A>::value>> constexpr Counted(A a) : v((V)a) {}
    template <class O, class = std::enable_if_t<!std::is_same<O, V>::value>> constexpr explicit Counted(const Counted<O> &o) : v((V)o.v) {}
    template <class A, class = std::enable_if_t<std::is_arithmetic<A>::value>> constexpr explicit operator A() const { return (A)v; }

    static constexpr Counted done(V v, int operations) {
        if (!__builtin_is_constant_evaluated()) (sizeof(V) == 4 ? operations_single : operations_double) += operations;
        return Counted(v);
    }
    friend constexpr Counted operator+(Counted a, Counted b) { return done(a.v + b.v, 1); }
    friend constexpr Counted operator-(Counted a, Counted b) { return done(a.v - b.v, 1); }
    friend constexpr Counted operator*(Counted a, Counted b) { return done(a.v * b.v, 1); }
    friend constexpr Counted operator/(Counted a, Counted b) { return done(a.v / b.v, 1); }
    friend constexpr Counted operator-(Counted a) { return Counted(-a.v); }
    constexpr Counted &operator+=(Counted b) { return *this = *this + b; }
    constexpr Counted &operator-=(Counted b) { return *this = *this - b; }
    constexpr Counted &operator*=(Counted b) { return *this = *this * b; }
    constexpr Counted &operator/=(Counted b) { return *this = *this / b; }
    friend constexpr bool operator<(Counted a, Counted b) { return a.v < b.v; }
    friend constexpr bool operator>(Counted a, Counted b) { return a.v > b.v; }
    friend constexpr bool operator<=(Counted a, Counted b) { return a.v <= b.v; }
    friend constexpr bool operator>=(Counted a, Counted b) { return a.v >= b.v; }
    friend constexpr bool operator==(Counted a, Counted b) { return a.v == b.v; }
    friend constexpr bool operator!=(Counted a, Counted b) { return a.v != b.v; }

    friend Counted fma(Counted a, Counted b, Counted c) { return done(std::fma(a.v, b.v, c.v), 2); }
    friend Counted fabs(Counted a) { return Counted(std::fabs(a.v)); }
    friend Counted fmin(Counted a, Counted b) { return Counted(std::fmin(a.v, b.v)); }
    friend Counted fmax(Counted a, Counted b) { return Counted(std::fmax(a.v, b.v)); }
#define ON_HOST_FUNCTION(name) \
    friend Counted name(Counted a) { return done(std::name(a.v), 1); }
    ON_HOST_FUNCTION(sqrt)
    ON_HOST_FUNCTION(exp)
    ON_HOST_FUNCTION(expm1)
    ON_HOST_FUNCTION(log)
    ON_HOST_FUNCTION(log1p)
    ON_HOST_FUNCTION(sin)
    ON_HOST_FUNCTION(cos)
    ON_HOST_FUNCTION(tan)
    ON_HOST_FUNCTION(acos)
    ON_HOST_FUNCTION(asin)
    ON_HOST_FUNCTION(asinh)
};
typedef Counted<float> Single;
typedef Counted<double> Double;
static_assert(sizeof(Single) == 4 && sizeof(Double) == 8, "buffers hold them");
}  // namespace on_host

// the names that C has for float
static inline on_host::Single fmaf(on_host::Single a, on_host::Single b, on_host::Single c) { return fma(a, b, c); }
static inline on_host::Single fabsf(on_host::Single a) { return fabs(a); }
static inline on_host::Single fminf(on_host::Single a, on_host::Single b) { return fmin(a, b); }
static inline on_host::Single fmaxf(on_host::Single a, on_host::Single b) { return fmax(a, b); }
static inline on_host::Single sqrtf(on_host::Single a) { return sqrt(a); }
static inline unsigned __float_as_uint(on_host::Single a) { return __float_as_uint(a.v); }
static inline int __float_as_int(on_host::Single a) { return __float_as_int(a.v); }

#define float on_host::Single
#define double on_host::Double
