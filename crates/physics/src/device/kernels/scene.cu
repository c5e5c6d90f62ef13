// What is the same at every wavelength of a sample, in double precision with a derivative along one direction:
// beams, leaf angles, hot spot, layers and crown cover. In step with src/canopy and src/stand.

typedef Dual<double, 1> Sloped;

#define PI 3.14159265358979323846
#define HALF_PI 1.57079632679489661923
#define PER_DEGREE 0.017453292519943295
#define INTERVALS 20
#define LARGEST_ALPHA 200.0
#define DEEP_LAI 15.0
// Everything belongs to the parameter it depends on most directly
#define EACH_ITS_OWN (-1)

SCALAR Sloped fixed(double value) { return constant<Sloped>(value); }
SCALAR Sloped ln(const Sloped &x) { return chain(x, log(x.v), 1.0 / x.v); }
SCALAR Sloped exp_of(const Sloped &x) { double f = exp(x.v); return chain(x, f, f); }
SCALAR Sloped sin_of(const Sloped &x) { return chain(x, sin(x.v), cos(x.v)); }
SCALAR Sloped cos_of(const Sloped &x) { return chain(x, cos(x.v), -sin(x.v)); }
SCALAR Sloped sin_deg(const Sloped &x) { double a = x.v * PER_DEGREE; return chain(x, sin(a), cos(a) * PER_DEGREE); }
SCALAR Sloped cos_deg(const Sloped &x) { double a = x.v * PER_DEGREE; return chain(x, cos(a), -sin(a) * PER_DEGREE); }
SCALAR Sloped root_or_flat(const Sloped &x) { return x.v > 0.0 ? root(x) : fixed(0.0); }
SCALAR Sloped abs_or_flat(const Sloped &x) { return scale(x, x.v > 0.0 ? 1.0 : x.v < 0.0 ? -1.0 : 0.0); }

// (1 - e^-x)/x
SCALAR Sloped phi(const Sloped &x) {
    double slope, value;
    if (fabs(x.v) < 0.5) {
        value = phi_small(x.v, slope);
    } else {
        value = -expm1(-x.v) / x.v;
        slope = (exp(-x.v) - value) / x.v;
    }
    return chain(x, value, slope);
}
// -ln(1 - x)/x
SCALAR Sloped ln_ratio(const Sloped &x) {
    double ratio = 0.0, slope = 0.0;
    if (fabs(x.v) < 0.05) {
        for (int n = 14; n >= 0; --n) {
            slope = slope * x.v + ratio;
            ratio = ratio * x.v + 1.0 / (n + 1);
        }
    } else {
        ratio = -log1p(-x.v) / x.v;
        slope = (1.0 / (1.0 - x.v) - ratio) / x.v;
    }
    return chain(x, ratio, slope);
}

// The parameters of a sample, one of which may vary
struct Sample {
    double at[PARAMETERS];
    int along;
};
SCALAR Sloped get(const Sample &sample, int parameter) {
    Sloped r;
    r.v = sample.at[parameter];
    r.d[0] = sample.along == parameter ? 1.0 : 0.0;
    return r;
}
SCALAR Sloped own(const Sample &sample, int parameter) {
    Sloped r = get(sample, parameter);
    if (sample.along == EACH_ITS_OWN) r.d[0] = 1.0;
    return r;
}

struct Viewing { Sloped cos_sun, sin_sun, tan_sun, cos_view, sin_view, tan_view, azimuth; };

SCALAR Viewing viewing_of(const Sample &sample) {
    Sloped sun = get(sample, P_TTS), view = get(sample, P_TTO);
    Viewing v;
    v.cos_sun = cos_deg(sun);
    v.sin_sun = sin_deg(sun);
    v.tan_sun = v.sin_sun / v.cos_sun;
    v.cos_view = cos_deg(view);
    v.sin_view = sin_deg(view);
    v.tan_view = v.sin_view / v.cos_view;
    v.azimuth = scale(get(sample, P_PSI), PER_DEGREE);
    return v;
}

SCALAR Sloped shadow_distance_of(const Viewing &v) {
    Sloped apart = v.tan_sun - v.tan_view;
    Sloped half = sin_of(scale(v.azimuth, 0.5));
    Sloped turned = scale(v.tan_sun * v.tan_view * half * half, 4.0);
    if (turned.v == 0.0 && turned.d[0] == 0.0) return abs_or_flat(apart);
    return root_or_flat(apart * apart + turned);
}

SCALAR Sloped sky_share(const Sample &sample, const Sloped &cos_sun) {
#if GIVEN_SKYL
    return get(sample, P_SKYL);
#else
    return offset(offset(scale(cos_sun, 1.04), -1.61) * cos_sun, 0.847);
#endif
}

// --- leaf angles: the weight of a class of inclinations -------------------------------------------------------

#if LEAF_ANGLES == ELLIPSOIDAL
SCALAR Sloped ellipsoid_shape(const Sloped &w) {
    double x = w.v, bent = sqrt(1.0 - x), ratio = 1.0, slope = 0.0;
    if (fabs(x) < 0.02) {
        double c = 1.0, power = 1.0;
        for (int n = 1; n <= 10; ++n) {
            c *= (2.0 * n - 1.0) * (2.0 * n - 1.0) / (2.0 * n * (2.0 * n + 1.0));
            slope += n * c * power;
            power *= x;
            ratio += c * power;
        }
    } else {
        double s = sqrt(fabs(x));
        ratio = (x > 0.0 ? asin(fmin(s, 1.0)) : asinh(s)) / s;
        slope = (1.0 / bent - ratio) / (2.0 * x);
    }
    return chain(w, bent + ratio, slope - 0.5 / bent);
}
SCALAR Sloped cumulative(const Sample &sample, int edge) {
    Sloped a = get(sample, P_ALA);
    Sloped e = exp_of(offset(offset(offset(scale(a, -1.6184e-5), 2.1145e-3) * a, -1.2390e-1) * a, 3.2491));
    Sloped epsilon = offset(-(e * e), 1.0);
    double theta = CLASS_EDGES[edge], sine = sin(theta);
    Sloped root_q = scale(recip(root(offset(-scale(epsilon, sine * sine), 1.0))), cos(theta));
    return root_q * ellipsoid_shape(epsilon * root_q * root_q);
}
#elif LEAF_ANGLES == VERHOEF
SCALAR Sloped cumulative(const Sample &sample, int edge) {
    if (edge == 0) return fixed(0.0);
    if (edge == CLASSES) return fixed(1.0);
    Sloped a = get(sample, P_LIDFA), b = get(sample, P_LIDFB);
    double theta = CLASS_EDGES[edge], low = 0.0, high = PI, x = 2.0 * theta;
    for (int step = 0; step < 200; ++step) {
        double excess = x - (a.v * sin(x) + 0.5 * b.v * sin(2.0 * x)) - 2.0 * theta;
        if (excess > 0.0) high = x;
        else low = x;
        double newton = x - excess / (1.0 - a.v * cos(x) - b.v * cos(2.0 * x));
        double next = newton > low && newton < high ? newton : 0.5 * (low + high);
        if (fabs(next - x) <= 2.220446049250313e-16 * x) break;
        x = next;
    }
    Sloped r;
    double rise = 1.0 - a.v * cos(x) - b.v * cos(2.0 * x);
    r.v = (a.v * sin(x) + 0.5 * b.v * sin(2.0 * x) + theta) * (2.0 / PI);
    r.d[0] = (a.d[0] * sin(x) + 0.5 * b.d[0] * sin(2.0 * x)) / rise * (2.0 / PI);
    return r;
}
#endif

SCALAR void leaf_angle_weights(const Sample &sample, int distribution, Sloped *weights) {
#if LEAF_ANGLES == IN_CLASSES
    for (int i = 0; i < CLASSES; ++i) weights[i] = fixed(CLASS_WEIGHTS[distribution * CLASSES + i]);
#else
    Sloped before = cumulative(sample, 0), total = fixed(0.0);
#if LEAF_ANGLES == VERHOEF
    // no distribution: nothing that follows is a number
    if (fabs(sample.at[P_LIDFA]) + fabs(sample.at[P_LIDFB]) > 1.0 + 1e-12) total = fixed(NOT_A_NUMBER);
#endif
    for (int i = 0; i < CLASSES; ++i) {
        Sloped after = cumulative(sample, i + 1);
        weights[i] = abs_or_flat(after - before);
        total = total + weights[i];
        before = after;
    }
    for (int i = 0; i < CLASSES; ++i) weights[i] = weights[i] / total;
#endif
}

// --- extinction and scattering, averaged over leaf angles -----------------------------------------------------

struct Angle { Sloped radians, sine, cosine; };

SCALAR Angle apart_of(const Angle &a, const Angle &b) {
    return Angle{abs_or_flat(a.radians - b.radians), abs_or_flat(a.sine * b.cosine - a.cosine * b.sine), a.cosine * b.cosine + a.sine * b.sine};
}
SCALAR Angle together_of(const Angle &a, const Angle &b) {
    Sloped beyond = abs_or_flat(offset(a.radians + b.radians, -PI));
    return Angle{offset(-beyond, PI), abs_or_flat(a.sine * b.cosine + a.cosine * b.sine), a.cosine * b.cosine - a.sine * b.sine};
}

struct BeamOnLeaf { Sloped c, s, d, chi; Angle beta; };

SCALAR BeamOnLeaf beam_on_leaf(const Sloped &c, const Sloped &s) {
    BeamOnLeaf beam;
    beam.c = c;
    beam.s = s;
    Sloped cos_beta = s.v > 1e-6 ? -(c / s) : fixed(-1.0);
    double from_half = HALF_PI;
    if (cos_beta.v > -1.0) {
        double x = cos_beta.v, sine = sqrt((1.0 - x) * (1.0 + x));
        beam.beta = Angle{chain(cos_beta, acos(x), -1.0 / sine), chain(cos_beta, sine, -x / sine), cos_beta};
        beam.d = s;
        from_half = beam.beta.radians.v - HALF_PI;
    } else {
        beam.beta = Angle{fixed(PI), fixed(0.0), fixed(-1.0)};
        beam.d = c;
    }
    beam.chi = scale(scale(c, from_half) + scale(s, beam.beta.sine.v), 2.0 / PI);
    return beam;
}

SCALAR void bidirectional_of(const BeamOnLeaf &sun, const BeamOnLeaf &view, const Angle &azimuth, Sloped &f_rho, Sloped &f_tau) {
    Angle b1 = apart_of(sun.beta, view.beta), b2 = together_of(sun.beta, view.beta);
    Angle first = b1, second = b2, third = azimuth;
    if (azimuth.radians.v <= b1.radians.v) {
        first = azimuth;
        second = b1;
        third = b2;
    } else if (azimuth.radians.v <= b2.radians.v) {
        second = azimuth;
        third = b2;
    }
    Sloped ss = sun.s * view.s;
    Sloped t1 = scale(sun.c * view.c, 2.0) + ss * azimuth.cosine;
    Sloped t2 = second.sine * (scale(sun.d * view.d, 2.0) + ss * first.cosine * third.cosine);
    f_rho = clip_below(scale(offset(-second.radians, PI) * t1 + t2, 0.5 / (PI * PI)), 0.0);
    f_tau = clip_below(scale(t2 - second.radians * t1, 0.5 / (PI * PI)), 0.0);
}

typedef LaneScattering<Sloped> Scattering;

SCALAR Scattering scattering_of(const Sloped *weights, const Viewing &v) {
    Sloped zero = fixed(0.0);
    Scattering sum = {zero, zero, zero, zero, zero};
    Sloped per_sun = recip(v.cos_sun), per_view = recip(v.cos_view);
    Sloped per_area = scale(per_sun * per_view, PI);
    Angle azimuth = {v.azimuth, sin_of(v.azimuth), cos_of(v.azimuth)};
    for (int i = 0; i < CLASSES; ++i) {
        double sin_leaf = CLASS_SINES[i], cos_leaf = CLASS_COSINES[i];
        BeamOnLeaf sun = beam_on_leaf(scale(v.cos_sun, cos_leaf), scale(v.sin_sun, sin_leaf));
        BeamOnLeaf view = beam_on_leaf(scale(v.cos_view, cos_leaf), scale(v.sin_view, sin_leaf));
        Sloped f_rho, f_tau, weight = weights[i];
        bidirectional_of(sun, view, azimuth, f_rho, f_tau);
        sum.ks = sum.ks + weight * sun.chi * per_sun;
        sum.ko = sum.ko + weight * view.chi * per_view;
        sum.bf = sum.bf + scale(weight, cos_leaf * cos_leaf);
        sum.sob = sum.sob + weight * f_rho * per_area;
        sum.sof = sum.sof + weight * f_tau * per_area;
    }
    return sum;
}

// --- hot spot and layers --------------------------------------------------------------------------------------

struct HotSpot { Sloped depth[INTERVALS + 1], slope[INTERVALS + 1]; };

// Intervals of the hot spot's integral: the variant enmap_box overwrites the last but one node
#if STAND == ENMAP_BOX
#define USED_INTERVALS (INTERVALS - 1)
#else
#define USED_INTERVALS INTERVALS
#endif

SCALAR void hot_spot_of(HotSpot &hot, const Scattering &s, const Sloped &distance, const Sloped &size) {
    Sloped alpha = fixed(LARGEST_ALPHA);
    if (size.v != 0.0) {
        Sloped own_alpha = scale(distance, 2.0) / (size * (s.ks + s.ko));
        if (own_alpha.v < LARGEST_ALPHA) alpha = own_alpha;
    }
    Sloped whole = phi(alpha), between = root(s.ko * s.ks), sum = s.ko + s.ks;
    hot.depth[0] = hot.slope[0] = fixed(0.0);
    for (int i = 1; i <= USED_INTERVALS; ++i) {
        Sloped depth = fixed(1.0), correlated = whole;
        if (i < USED_INTERVALS) {
            correlated = scale(whole, (double)i / INTERVALS);
            depth = correlated * ln_ratio(correlated * alpha);
        }
        hot.depth[i] = depth;
        hot.slope[i] = between * correlated - sum * depth;
    }
}

SCALAR Pair<double> pair_of(const Sloped &x) { return Pair<double>{x.v, x.d[0]}; }

SCALAR LayerScalars<double> layer_without_bidirectional(const Scattering &s, const Sloped &length) {
    Pair<double> zero = {0.0, 0.0};
    return LayerScalars<double>{pair_of(length), pair_of(exp_of(-(s.ks * length))), pair_of(exp_of(-(s.ko * length))),
                                pair_of(length * phi((s.ks + s.ko) * length)), zero, zero};
}
SCALAR LayerScalars<double> layer_scalars(const Scattering &s, const Sloped &length, const HotSpot &hot) {
    Sloped sum = fixed(0.0), f = fixed(1.0);
    for (int i = 0; i < USED_INTERVALS; ++i) {
        Sloped fall = length * (hot.slope[i] - hot.slope[i + 1]);
        Sloped mean = phi(fall);
        sum = sum + f * mean * (hot.depth[i + 1] - hot.depth[i]);
        // e^-fall = 1 - fall phi; it has cancelled for long intervals
        f = fall.v < 1.0 ? f * offset(-(fall * mean), 1.0) : f * exp_of(-fall);
    }
    LayerScalars<double> layer = layer_without_bidirectional(s, length);
    layer.single = pair_of(length * sum);
    layer.tsstoo = pair_of(f);
    return layer;
}

// --- all of a sample ------------------------------------------------------------------------------------------

// Only numbers, one after the other, so that a copy in another precision is a loop
template <class L> struct Scalars {
    L n, contents[ABSORBERS];
    Pair<L> ks, ko, bf, sob, sof, sky, psoil, rsoil;
    // the understorey of a forest, or the canopy itself
    LayerScalars<L> layer;
#if STAND != SAIL
    LayerScalars<L> deep, crown;
    Pair<L> fcd, fcs, fod, fos, crown_weight;
#if STAND == ENMAP_BOX
    LayerScalars<L> from_view;
    Pair<L> ks_at_view, bf_at_view, sob_at_view, sof_at_view, sky_at_view;
#endif
#endif
};
#define SCALARS ((int)(sizeof(Scalars<double>) / sizeof(double)))

#if STAND != SAIL
SCALAR void gap_and_cover(const Sloped &path, Sloped &gap, Sloped &cover) {
    double open, closed;
    if (path.v < 0.5) {
        closed = -expm1(-path.v);
        open = 1.0 - closed;
    } else {
        open = exp(-path.v);
        closed = 1.0 - open;
    }
    gap = chain(path, open, -open);
    cover = chain(path, closed, open);
}

// FLIM: shares of the scene. Varied along fc unless along something else
SCALAR void cover_scalars(Scalars<double> &to, Sample sample, const Viewing &viewing) {
    if (sample.along == EACH_ITS_OWN) sample.along = P_FC;
#if STAND == ENMAP_BOX
    // cosines taken for angles
    Sloped zenith = viewing.cos_view, cos_sun = cos_of(zenith), cos_view = cos_sun;
    Sloped half_azimuth = scale(cos_of(viewing.azimuth), 0.5);
    Sloped distance = abs_or_flat(scale(sin_of(zenith) / cos_view * sin_of(half_azimuth), 2.0));
#else
    Sloped cos_sun = viewing.cos_sun, cos_view = viewing.cos_view, distance = shadow_distance_of(viewing);
#endif
#if GIVEN_CD
    Sloped cd = get(sample, P_CD);
#else
    Sloped cd = scale(root(scale(get(sample, P_FC) / get(sample, P_SD), 1e4 / PI)), 2.0);
#endif
#if GIVEN_H
    Sloped h = get(sample, P_H);
#else
    Sloped h = exp_of(offset(scale(ln(cd), 0.507), 2.117));
#endif
    Sloped k = scale(cd * cd * get(sample, P_SD), PI / 4e4);
    Sloped p = exp_of(-(distance * h / cd));
    Sloped path_o = k / cos_view, path_s = k / cos_sun, open_o, co, open_s, cs;
    gap_and_cover(path_o, open_o, co);
    gap_and_cover(path_s, open_s, cs);
    Sloped x = p * root(co * cs) * exp_of(-scale(path_o + path_s, 0.5));
    Sloped fcd = co * cs + x;
    to.fcd = pair_of(fcd);
    to.fcs = pair_of(co * open_s - x);
    to.fod = pair_of(open_o * cs - x);
    to.fos = pair_of(open_o * open_s + x);
#if STAND == ENMAP_BOX
    to.crown_weight = pair_of(fcd);
#else
    to.crown_weight = pair_of(co * cs);
#endif
}
#endif

SCALAR void scalars_of(Scalars<double> &to, const Sample &sample, int distribution) {
    to.n = sample.at[P_N];
    for (int i = 0; i < ABSORBERS; ++i) to.contents[i] = sample.at[ABSORBER_PARAMETERS[i]] / to.n;
    Viewing viewing = viewing_of(sample);
    Sloped weights[CLASSES];
    leaf_angle_weights(sample, distribution, weights);
    Scattering s = scattering_of(weights, viewing);
    HotSpot hot;
    hot_spot_of(hot, s, shadow_distance_of(viewing), get(sample, P_HSPOT));
    to.ks = pair_of(s.ks);
    to.ko = pair_of(s.ko);
    to.bf = pair_of(s.bf);
    to.sob = pair_of(s.sob);
    to.sof = pair_of(s.sof);
    to.sky = pair_of(sky_share(sample, viewing.cos_sun));
    to.psoil = pair_of(get(sample, P_PSOIL));
    to.rsoil = pair_of(get(sample, P_RSOIL));
#if STAND == SAIL
    to.layer = layer_scalars(s, own(sample, P_LAI), hot);
#else
    to.layer = layer_scalars(s, own(sample, P_LAIU), hot);
    to.deep = layer_scalars(s, fixed(DEEP_LAI), hot);
    cover_scalars(to, sample, viewing);
    Sloped lai = own(sample, P_LAI);
#if STAND == ENMAP_BOX
    // the sun put at the view zenith: the sine of its zenith becomes the cosine
    Viewing at_view = viewing;
    at_view.cos_sun = at_view.sin_sun = viewing.cos_view;
    at_view.tan_sun = viewing.tan_view;
    Scattering s_at_view = scattering_of(weights, at_view);
    hot_spot_of(hot, s, shadow_distance_of(viewing), fixed(0.0));
    to.crown = layer_scalars(s, lai, hot);
    hot_spot_of(hot, s_at_view, shadow_distance_of(at_view), fixed(0.0));
    to.from_view = layer_scalars(s_at_view, lai, hot);
    to.ks_at_view = pair_of(s_at_view.ks);
    to.bf_at_view = pair_of(s_at_view.bf);
    to.sob_at_view = pair_of(s_at_view.sob);
    to.sof_at_view = pair_of(s_at_view.sof);
    to.sky_at_view = pair_of(sky_share(sample, viewing.cos_view));
#else
    to.crown = layer_without_bidirectional(s, lai);
#endif
#endif
}
