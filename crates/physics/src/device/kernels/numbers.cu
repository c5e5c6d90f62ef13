// Numbers: float or double, and either with exact partial derivatives. In step with src/numbers.

// Formulas of the spectra are inlined whole; those that are computed once per sample need not be.
#define SPECTRAL __device__ __forceinline__
#define SCALAR __device__ inline

// ln 2 in two parts; the first has few bits, so that n times it is exact. 1.5 2^23 rounds to a whole number.
#define LN_2_HIGH 0.693359375f
#define LN_2_LOW -2.12194440e-4f
#define ROUND 12582912.0f

// x = n ln 2 + r: 2^n, and e^r - 1 by (e^r - 1 - r)/r^2 (Cody and Waite)
SPECTRAL float exp_parts(float x, float &scale) {
    x = fminf(fmaxf(x, -87.0f), 88.0f);
    float t = fmaf(x, 1.44269504088896341f, ROUND);
    float n = t - ROUND;
    float r = fmaf(n, -LN_2_LOW, fmaf(n, -LN_2_HIGH, x));
    float p = 1.984126984126984e-4f;
    p = fmaf(p, r, 1.388888888888889e-3f);
    p = fmaf(p, r, 8.333333333333333e-3f);
    p = fmaf(p, r, 4.1666666666666664e-2f);
    p = fmaf(p, r, 1.6666666666666666e-1f);
    p = fmaf(p, r, 0.5f);
    scale = __uint_as_float((__float_as_uint(t) << 23) + (127u << 23));
    return fmaf(r * r, p, r);
}
SPECTRAL float e_to(float x) { float s, p = exp_parts(x, s); return fmaf(s, p, s); }
SPECTRAL float e_to_less_1(float x) { float s, p = exp_parts(x, s); return fmaf(s, p, s - 1.0f); }
SPECTRAL double e_to(double x) { return exp(x); }
SPECTRAL double e_to_less_1(double x) { return expm1(x); }

// ln y; y_minus_1 is exact where y is a rounded 1 + x
SPECTRAL float ln_near(float y, float y_minus_1) {
    int bits = __float_as_int(y);
    int exponent = (bits - 0x3f3504f3) >> 23;
    float r = exponent == 0 ? y_minus_1 : __int_as_float(bits - exponent * (1 << 23)) - 1.0f;
    float e = (float)exponent, r2 = r * r;
    float p = 0.06971611471451178f;
    p = fmaf(p, r, -0.11479733846637635f);
    p = fmaf(p, r, 0.1168541992348674f);
    p = fmaf(p, r, -0.12425687331451106f);
    p = fmaf(p, r, 0.1424905764569748f);
    p = fmaf(p, r, -0.16667802319501254f);
    p = fmaf(p, r, 0.200007157488921f);
    p = fmaf(p, r, -0.24999996957950882f);
    p = fmaf(p, r, 0.33333331180030046f);
    p = fmaf(r2 * r, p, e * LN_2_LOW);
    p = fmaf(r2, -0.5f, p);
    return fmaf(e, LN_2_HIGH, r + p);
}
SPECTRAL float ln_1_plus(float x) { return ln_near(x + 1.0f, x); }
SPECTRAL double ln_1_plus(double x) { return log1p(x); }

SPECTRAL float root(float x) { return sqrtf(x); }
SPECTRAL double root(double x) { return sqrt(x); }
SPECTRAL float size_of(float x) { return fabsf(x); }
SPECTRAL double size_of(double x) { return fabs(x); }
SPECTRAL float muladd(float a, float b, float c) { return fmaf(a, b, c); }
SPECTRAL double muladd(double a, double b, double c) { return fma(a, b, c); }

// e^-k, and the exponential integral E2(k), k > 0
SPECTRAL float exp_and_e2(float k, float &e2) {
    float e = e_to(-k);
    if (k < 1.0f) {
        float s = 3.0619243582206544e-7f;
        s = fmaf(s, k, -3.1001984126984127e-6f);
        s = fmaf(s, k, 2.834467120181406e-5f);
        s = fmaf(s, k, -2.314814814814815e-4f);
        s = fmaf(s, k, 1.6666666666666668e-3f);
        s = fmaf(s, k, -1.0416666666666666e-2f);
        s = fmaf(s, k, 5.555555555555555e-2f);
        s = fmaf(s, k, -0.25f);
        s = fmaf(s, k, 1.0f);
        float e1 = s * k - 0.5772156649015329f - ln_near(k, k - 1.0f);
        e2 = e - k * e1;
    } else {
        float s = (k - 4.0f) / (k + 2.0f);
        float p = 1.310048572935192e-4f;
        p = fmaf(p, s, -1.8333579238986012e-5f);
        p = fmaf(p, s, 4.070951728883036e-4f);
        p = fmaf(p, s, -1.1327447273333752e-4f);
        p = fmaf(p, s, 3.03937526094164e-3f);
        p = fmaf(p, s, 6.22112412883455e-4f);
        p = fmaf(p, s, 2.6988017742102584e-2f);
        p = fmaf(p, s, 9.585683076034356e-2f);
        p = fmaf(p, s, 8.730870019788833e-1f);
        e2 = e * p / (k + 1.0f);
    }
    return e;
}
SPECTRAL double exp_and_e2(double k, double &e2) {
    double e = exp(-k);
    if (k < 1.0) {
        // (-1)^(j+1)/(j j!)
        double sum = 0.0, power = 1.0;
        for (int j = 1; j <= 18; ++j) {
            power *= -k / j;
            sum -= power / j;
        }
        e2 = e - k * (sum - 0.5772156649015329 - log(k));
    } else {
        // Lentz' continued fraction of E2
        double b = k + 2.0, c = 1e300, d = 1.0 / b, h = d;
        for (int i = 1; i < 200; ++i) {
            double a = -(double)i * (1.0 + i);
            b += 2.0;
            d = 1.0 / (a * d + b);
            c = b + a / c;
            double change = c * d;
            h *= change;
            if (fabs(change - 1.0) < 1e-16) break;
        }
        e2 = e * h;
    }
    return e;
}

// phi(x) = (1 - e^-x)/x for |x| < 1/2 and its slope: terms (-x)^n/(n+1)!
template <class L, int COUNT> struct Coefficients { L of[COUNT]; };
template <class L, int COUNT> __device__ constexpr Coefficients<L, COUNT> phi_coefficients() {
    Coefficients<L, COUNT> coefficients = {};
    L factorial = L(1);
    for (int n = 0; n < COUNT; ++n) {
        factorial *= L(n + 1);
        coefficients.of[n] = (n % 2 ? L(-1) : L(1)) / factorial;
    }
    return coefficients;
}
template <class L, int COUNT> SPECTRAL L phi_series(L x, L &slope) {
    constexpr Coefficients<L, COUNT> coefficients = phi_coefficients<L, COUNT>();
    L value = L(0);
    slope = L(0);
#pragma unroll
    for (int n = COUNT - 1; n >= 0; --n) {
        slope = muladd(slope, x, value);
        value = muladd(value, x, coefficients.of[n]);
    }
    return value;
}
SPECTRAL float phi_small(float x, float &slope) { return phi_series<float, 9>(x, slope); }
SPECTRAL double phi_small(double x, double &slope) { return phi_series<double, 15>(x, slope); }

// A value with P exact partial derivatives
template <class L_, int P_> struct Dual {
    typedef L_ L;
    static const int P = P_;
    L v;
    L d[P_ > 0 ? P_ : 1];
};

#define EACH(i) _Pragma("unroll") for (int i = 0; i < P; ++i)
#define DUAL template <class L, int P> SPECTRAL Dual<L, P>
#define OF const Dual<L, P> &
// from what L is alone: a number of another type, such as a literal, becomes one
#define NUMBER typename Dual<L, P>::L

DUAL chain(OF a, NUMBER value, NUMBER slope) {
    Dual<L, P> r;
    r.v = value;
    EACH(i) r.d[i] = a.d[i] * slope;
    return r;
}
DUAL operator+(OF a, OF b) {
    Dual<L, P> r;
    r.v = a.v + b.v;
    EACH(i) r.d[i] = a.d[i] + b.d[i];
    return r;
}
DUAL operator-(OF a, OF b) {
    Dual<L, P> r;
    r.v = a.v - b.v;
    EACH(i) r.d[i] = a.d[i] - b.d[i];
    return r;
}
DUAL operator-(OF a) {
    Dual<L, P> r;
    r.v = -a.v;
    EACH(i) r.d[i] = -a.d[i];
    return r;
}
DUAL operator*(OF a, OF b) {
    Dual<L, P> r;
    r.v = a.v * b.v;
    EACH(i) r.d[i] = muladd(a.d[i], b.v, a.v * b.d[i]);
    return r;
}
DUAL operator/(OF a, OF b) {
    Dual<L, P> r;
    L inverse = L(1) / b.v;
    r.v = a.v * inverse;
    EACH(i) r.d[i] = muladd(-r.v, b.d[i], a.d[i]) * inverse;
    return r;
}
// a b + c
DUAL fused(OF a, OF b, OF c) {
    Dual<L, P> r;
    r.v = muladd(a.v, b.v, c.v);
    EACH(i) r.d[i] = muladd(a.d[i], b.v, muladd(a.v, b.d[i], c.d[i]));
    return r;
}
DUAL scale(OF a, NUMBER factor) { return chain(a, a.v * factor, factor); }
DUAL offset(OF a, NUMBER constant) {
    Dual<L, P> r = a;
    r.v = a.v + constant;
    return r;
}
// floor without derivative where it is larger
DUAL clip_below(OF a, NUMBER floor) {
    Dual<L, P> r = a;
    bool below = a.v < floor;
    r.v = below ? floor : a.v;
    EACH(i) r.d[i] = below ? L(0) : a.d[i];
    return r;
}
DUAL recip(OF a) { L f = L(1) / a.v; return chain(a, f, -(f * f)); }
DUAL root(OF a) { L f = root(a.v); return chain(a, f, L(0.5) / f); }
DUAL e_to(OF a) { L f = e_to(a.v); return chain(a, f, f); }
DUAL e_to_less_1(OF a) { L f = e_to_less_1(a.v); return chain(a, f, f + L(1)); }
DUAL ln_1_plus(OF a) { return chain(a, ln_1_plus(a.v), L(1) / (a.v + L(1))); }

// A value with derivative `slope` to variable I, dropped where there is no such variable
template <class T, int I> SPECTRAL T variable(typename T::L value, typename T::L slope) {
    T r;
    r.v = value;
#pragma unroll
    for (int i = 0; i < T::P; ++i) r.d[i] = i == I ? slope : typename T::L(0);
    return r;
}
template <class T> SPECTRAL T constant(typename T::L value) { return variable<T, -1>(value, value); }

// The same number in a type with other variables; variable 2 becomes variable THIRD
template <class R, int THIRD, class L, int P> SPECTRAL R lift(OF a) {
    R r = constant<R>(a.v);
    EACH(i) {
        const int to = i == 2 ? THIRD : i;
        if (to < R::P) r.d[to] = a.d[i];
    }
    return r;
}

// With a number that has no derivatives or the same variables
template <class L, int P, int Q> SPECTRAL Dual<L, P> times(OF a, const Dual<L, Q> &b) {
    if constexpr (Q == 0) return scale(a, b.v);
    else return a * lift<Dual<L, P>, 2>(b);
}
template <class L, int P, int Q> SPECTRAL Dual<L, P> plus(OF a, const Dual<L, Q> &b) {
    if constexpr (Q == 0) return offset(a, b.v);
    else return a + lift<Dual<L, P>, 2>(b);
}

// Transmissivity of an absorbing plate for isotropic light, and 1 minus it without cancellation
DUAL plate_transmissivity(OF k, Dual<L, P> &absorbed) {
    L e2, e = exp_and_e2(k.v, e2);
    L slope = -(e2 + e2);
    absorbed = chain(k, muladd(k.v, e2, -e_to_less_1(-k.v)), -slope);
    return chain(k, e - k.v * e2, slope);
}

// J1(k, m, L) = (e^-mL - e^-kL)/(k - m), smooth at k = m
template <class L, int P, int Q>
SPECTRAL Dual<L, P> j1_of(OF m, OF length, const Dual<L, Q> &k, L difference, L inverse_difference, L transmitted, L e) {
    L x = difference * length.v, phi_slope, phi = phi_small(x, phi_slope);
    L length_e = length.v * e, value, to_m, to_k;
    if (size_of(x) < L(0.5)) {
        value = length_e * phi;
        to_m = -(length_e * length.v) * (phi + phi_slope);
        to_k = length_e * length.v * phi_slope;
    } else {
        value = (e - transmitted) * inverse_difference;
        to_m = (value - length_e) * inverse_difference;
        to_k = (length.v * transmitted - value) * inverse_difference;
    }
    L to_length = transmitted - m.v * value;
    Dual<L, P> r;
    r.v = value;
    EACH(i) {
        r.d[i] = muladd(m.d[i], to_m, length.d[i] * to_length);
        if (Q > 0) r.d[i] = muladd(k.d[i < Q ? i : 0], to_k, r.d[i]);
    }
    return r;
}
