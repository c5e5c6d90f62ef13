// 4SAIL at one wavelength. In step with src/canopy/streams.rs.

// A number that is the same at every wavelength, with its derivative
template <class L> struct Pair { L v, s; };

template <class T, int I> SPECTRAL T variable(const Pair<typename T::L> &pair) { return variable<T, I>(pair.v, pair.s); }

template <class L> struct LayerScalars { Pair<L> length, tss, too, j2, single, tsstoo; };

template <class C> struct LaneScattering { C ks, ko, bf, sob, sof; };

template <class T> struct Medium { T rho, tau, m, r, r2, one_minus_r2, inverse; };

template <class T, class C> struct Beam {
    T forward, backward, inverse_sum;
    C k;
    typename T::L difference, inverse_difference;
};

template <class T> struct BeamFluxes { T direct, j1, p, q, scattered, reflected; };
template <class T> struct LayerFluxes { T length, e, re, inverse_d, rdd, tdd; };
template <class T> struct Layer {
    T rdd, tdd;
    BeamFluxes<T> sun, view;
    T rso, tsstoo;
};
template <class T> struct OverSoil { T rsot, rdot; };

template <class T, class C>
SPECTRAL Medium<T> medium_of(const C &bf, const T &rho, const T &tau, const T &leaf_absorptance) {
    typedef typename T::L L;
    C half = scale(bf, L(0.5));
    C back = offset(half, L(0.5)), front = offset(-half, L(0.5));
    T sigma_b = times(rho, back) + times(tau, front);
    T absorptance = clip_below(leaf_absorptance, L(1e-10));
    T att = sigma_b + absorptance;
    T m = root((att + sigma_b) * absorptance);
    T inverse_att_m = recip(att + m);
    T r = sigma_b * inverse_att_m;
    T one_minus_r2 = scale(m * inverse_att_m, L(2));
    return Medium<T>{rho, tau, m, r, r * r, one_minus_r2, recip(one_minus_r2)};
}

template <class T, class C> SPECTRAL Beam<T, C> beam_in(const Medium<T> &medium, const C &k, const C &bf) {
    typedef typename T::L L;
    C plus_k = scale(k + bf, L(0.5)), minus_k = scale(k - bf, L(0.5));
    T backward = times(medium.rho, plus_k) + times(medium.tau, minus_k);
    T forward = times(medium.rho, minus_k) + times(medium.tau, plus_k);
    L difference = k.v - medium.m.v;
    return Beam<T, C>{forward + backward * medium.r, forward * medium.r + backward, recip(plus(medium.m, k)), k, difference, L(1) / difference};
}

template <class T, class C> SPECTRAL T bidirectional(const Medium<T> &medium, const LaneScattering<C> &s) {
    return times(medium.rho, s.sob) + times(medium.tau, s.sof);
}

template <class R, int THIRD, class T> SPECTRAL Medium<R> lift(const Medium<T> &m) {
    return Medium<R>{lift<R, THIRD>(m.rho), lift<R, THIRD>(m.tau), lift<R, THIRD>(m.m), lift<R, THIRD>(m.r),
                     lift<R, THIRD>(m.r2), lift<R, THIRD>(m.one_minus_r2), lift<R, THIRD>(m.inverse)};
}
template <class R, int THIRD, class T, class C> SPECTRAL Beam<R, C> lift(const Beam<T, C> &b) {
    return Beam<R, C>{lift<R, THIRD>(b.forward), lift<R, THIRD>(b.backward), lift<R, THIRD>(b.inverse_sum), b.k, b.difference, b.inverse_difference};
}
template <class R, int THIRD, class T> SPECTRAL BeamFluxes<R> lift(const BeamFluxes<T> &b) {
    return BeamFluxes<R>{lift<R, THIRD>(b.direct), lift<R, THIRD>(b.j1), lift<R, THIRD>(b.p),
                         lift<R, THIRD>(b.q), lift<R, THIRD>(b.scattered), lift<R, THIRD>(b.reflected)};
}
template <class R, int THIRD, class T> SPECTRAL Layer<R> lift(const Layer<T> &l) {
    return Layer<R>{lift<R, THIRD>(l.rdd), lift<R, THIRD>(l.tdd), lift<R, THIRD>(l.sun), lift<R, THIRD>(l.view),
                    lift<R, THIRD>(l.rso), lift<R, THIRD>(l.tsstoo)};
}

template <int I, class T> SPECTRAL LayerFluxes<T> fluxes_of(const Medium<T> &medium, const Pair<typename T::L> &leaf_area) {
    typedef typename T::L L;
    T length = variable<T, I>(leaf_area);
    T x = -(medium.m * length);
    T e = e_to(x), e_minus_1 = e_to_less_1(x);
    T lost = -(e_minus_1 * offset(e_minus_1, L(2)));
    T inverse_d = recip(fused(medium.r2, lost, medium.one_minus_r2));
    return LayerFluxes<T>{length, e, medium.r * e, inverse_d, medium.r * lost * inverse_d, medium.one_minus_r2 * e * inverse_d};
}

template <class T, class C>
SPECTRAL BeamFluxes<T> beam_through(const LayerFluxes<T> &fluxes, const Medium<T> &medium, const Beam<T, C> &beam, const T &direct) {
    typedef typename T::L L;
    T j1 = j1_of(medium.m, fluxes.length, beam.k, beam.difference, beam.inverse_difference, direct.v, fluxes.e.v);
    T j2 = offset(-(direct * fluxes.e), L(1)) * beam.inverse_sum;
    T p = beam.forward * j1, q = beam.backward * j2;
    return BeamFluxes<T>{direct, j1, p, q, (p - fluxes.re * q) * fluxes.inverse_d, (q - fluxes.re * p) * fluxes.inverse_d};
}

// A layer whose diffuse fluxes and those of the view beam are known; its leaf area index is variable I
template <int I, class T, class C>
SPECTRAL Layer<T> layer_under_sun(const Medium<T> &medium, const LayerFluxes<T> &fluxes, const Beam<T, C> &sun,
                                  const Beam<T, C> &view, const BeamFluxes<T> &v, const T &w,
                                  const LayerScalars<typename T::L> &scalars) {
    BeamFluxes<T> s = beam_through(fluxes, medium, sun, variable<T, I>(scalars.tss));
    T j2 = variable<T, I>(scalars.j2);
    // multiple scattering from the sun into the view
    T g1 = (j2 - s.j1 * v.direct) * view.inverse_sum;
    T g2 = (j2 - v.j1 * s.direct) * sun.inverse_sum;
    T t1 = sun.forward * view.backward * g1;
    T t2 = sun.backward * view.forward * g2;
    T t3 = (v.reflected * s.q + v.scattered * s.p) * medium.r;
    T rsod = (t1 + t2 - t3) * medium.inverse;
    return Layer<T>{fluxes.rdd, fluxes.tdd, s, v, w * variable<T, I>(scalars.single) + rsod, variable<T, I>(scalars.tsstoo)};
}

template <int I, class T, class C>
SPECTRAL Layer<T> layer_of(const Medium<T> &medium, const Beam<T, C> &sun, const Beam<T, C> &view, const T &w,
                           const LayerScalars<typename T::L> &scalars) {
    LayerFluxes<T> fluxes = fluxes_of<I>(medium, scalars.length);
    BeamFluxes<T> v = beam_through(fluxes, medium, view, variable<T, I>(scalars.too));
    return layer_under_sun<I>(medium, fluxes, sun, view, v, w, scalars);
}

template <class T> SPECTRAL OverSoil<T> over_soil(const Layer<T> &layer, const T &soil) {
    typedef typename T::L L;
    T x = soil * layer.rdd;
    T from_soil = soil * recip(offset(-x, L(1)));
    T down = layer.sun.direct + layer.sun.scattered;
    T up = fused(down, layer.view.scattered, fused(layer.sun.direct, x, layer.sun.scattered) * layer.view.direct);
    return OverSoil<T>{layer.rso + layer.tsstoo * soil + up * from_soil,
                       fused(layer.view.scattered + layer.view.direct, layer.tdd * from_soil, layer.view.reflected)};
}

template <class T, class C> SPECTRAL T mixed(const OverSoil<T> &reflectance, const C &diffuse_share) {
    typedef typename T::L L;
    return times(reflectance.rsot, offset(-diffuse_share, L(1))) + times(reflectance.rdot, diffuse_share);
}
