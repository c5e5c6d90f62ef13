// A stand at one wavelength: leaf, soil, sky and the canopy model. In step with src/stand.

// The number each stage runs in: values alone, values with derivatives to N, k, LAIu and LAI, or a derivative along one
// direction of the scene
template <class L_> struct Values {
    typedef L_ L;
    typedef Dual<L, 0> Scene, Plates, Leaf, LayerT, Forest;
    static const int SCENE = -1, LENGTH = -1, FOREST_LAI = -1, CROWN_TO_FOREST = 2;
};
template <class L_> struct Derivatives {
    typedef L_ L;
    typedef Dual<L, 0> Scene;
    typedef Dual<L, 2> Plates, Leaf;
    typedef Dual<L, 3> LayerT;
    typedef Dual<L, 4> Forest;
    static const int SCENE = -1, LENGTH = 2, FOREST_LAI = 3, CROWN_TO_FOREST = 3;
};
template <class L_> struct Direction {
    typedef L_ L;
    typedef Dual<L, 0> Plates;
    typedef Dual<L, 1> Scene, Leaf, LayerT, Forest;
    static const int SCENE = 0, LENGTH = 0, FOREST_LAI = 0, CROWN_TO_FOREST = 2;
};

// Rows of the spectral table, NODES wavelengths each
enum { T_OUTER, T_INTO, T_OUT_OF, T_INSIDE, T_WET, T_DRY_MINUS_WET, T_DIRECT, T_DIFFUSE, T_ABSORPTION };
#define TABLE_ROWS (T_ABSORPTION + ABSORBERS)
#define AT(row) table[(row) * NODES + node]

template <class T, class C> struct Canopy {
    Medium<T> medium;
    Beam<T, C> sun, view;
    T w;
};

template <class L> struct Response { L terms[6]; L absorptance; };

// Transmittance of a crown for a beam of which `direct` passes and `scattered` arrives as diffuse light
template <class T, class C>
SPECTRAL T reached_by(const T &direct, const T &scattered, const T &bounced, const T &inverse, const C &direct_share, const T &diffuse) {
    return times(direct + (scattered + direct * bounced) * inverse, direct_share) + diffuse;
}

// Terms: value and its derivatives to N, LAI, LAIu, fc and the absorption of a layer of the leaf
template <class S> SPECTRAL Response<typename S::L> response_at(const typename S::L *table, int node, const Scalars<typename S::L> &sample) {
    typedef typename S::L L;
    typedef typename S::Scene Scene;
    typedef typename S::Leaf Leaf;
    typedef typename S::LayerT LayerT;
    typedef typename S::Forest Forest;
    Response<L> out;

    L absorption = L(0);
#pragma unroll
    for (int i = 0; i < ABSORBERS; ++i) absorption = muladd(AT(T_ABSORPTION + i), sample.contents[i], absorption);
    absorption = absorption < L(1e-10) ? L(1e-10) : absorption;
    Plate<L> plate = {AT(T_OUTER), AT(T_INTO), AT(T_OUT_OF), AT(T_INSIDE)};
    typename S::Plates rho_, tau_, absorptance_;
    stack_of_plates(plate, variable<typename S::Plates, 0>(sample.n, L(1)), variable<typename S::Plates, 1>(absorption, L(1)),
                    rho_, tau_, absorptance_);
    Leaf rho = lift<Leaf, 2>(rho_), tau = lift<Leaf, 2>(tau_);
    out.absorptance = absorptance_.v;

    LaneScattering<Scene> s = {variable<Scene, 0>(sample.ks), variable<Scene, 0>(sample.ko), variable<Scene, 0>(sample.bf),
                               variable<Scene, 0>(sample.sob), variable<Scene, 0>(sample.sof)};
    Canopy<Leaf, Scene> leaf;
    leaf.medium = medium_of(s.bf, rho, tau, lift<Leaf, 2>(absorptance_));
    leaf.sun = beam_in(leaf.medium, s.ks, s.bf);
    leaf.view = beam_in(leaf.medium, s.ko, s.bf);
    leaf.w = bidirectional(leaf.medium, s);
    Canopy<LayerT, Scene> canopy = {lift<LayerT, 2>(leaf.medium), lift<LayerT, 2>(leaf.sun), lift<LayerT, 2>(leaf.view), lift<LayerT, 2>(leaf.w)};

#if MEASURED_SKY
    Scene sky = constant<Scene>(AT(T_DIFFUSE)), diffuse_share = sky;
#else
    Scene sky = variable<Scene, 0>(sample.sky);
    Scene diffuse = scale(sky, AT(T_DIFFUSE));
    Scene diffuse_share = diffuse / (scale(offset(-sky, L(1)), AT(T_DIRECT)) + diffuse);
#endif
    Scene dryness = variable<Scene, 0>(sample.psoil);
    LayerT soil = lift<LayerT, 2>(offset(scale(dryness, AT(T_DRY_MINUS_WET)), AT(T_WET)) * variable<Scene, 0>(sample.rsoil));

    LayerT low = mixed(over_soil(layer_of<S::LENGTH>(canopy.medium, canopy.sun, canopy.view, canopy.w, sample.layer), soil), diffuse_share);
#if STAND == SAIL
    Forest total = lift<Forest, S::CROWN_TO_FOREST>(low);
    L to_fc = L(0);
#else
    Layer<Leaf> endless = layer_of<S::SCENE>(leaf.medium, leaf.sun, leaf.view, leaf.w, sample.deep);
    Forest deep = lift<Forest, 2>(mixed(over_soil(lift<LayerT, 2>(endless), low), diffuse_share));
    Forest under = lift<Forest, 2>(low);

    LayerFluxes<LayerT> fluxes = fluxes_of<S::LENGTH>(canopy.medium, sample.crown.length);
    BeamFluxes<LayerT> view = beam_through(fluxes, canopy.medium, canopy.view, variable<LayerT, S::LENGTH>(sample.crown.too));
#if STAND == PUBLISHED
    BeamFluxes<LayerT> sun = beam_through(fluxes, canopy.medium, canopy.sun, variable<LayerT, S::LENGTH>(sample.crown.tss));
    Forest bounced = under * lift<Forest, S::CROWN_TO_FOREST>(fluxes.rdd);
    Forest inverse = recip(offset(-bounced, L(1)));
    Forest of_sky = times(lift<Forest, S::CROWN_TO_FOREST>(fluxes.tdd) * inverse, sky);
    Scene direct_share = offset(-sky, L(1));
    Forest to_sun = reached_by(variable<Forest, S::FOREST_LAI>(sample.crown.tss), lift<Forest, S::CROWN_TO_FOREST>(sun.scattered),
                               bounced, inverse, direct_share, of_sky);
    Forest to_view = reached_by(variable<Forest, S::FOREST_LAI>(sample.crown.too), lift<Forest, S::CROWN_TO_FOREST>(view.scattered),
                                bounced, inverse, direct_share, of_sky);
#else
    // reflectances of the crown over the understorey take the place of transmittances
    Layer<LayerT> from_sun = layer_under_sun<S::LENGTH>(canopy.medium, fluxes, canopy.sun, canopy.view, view, canopy.w, sample.crown);
    Scene bf_at_view = variable<Scene, 0>(sample.bf_at_view);
    LaneScattering<Scene> s_at_view = {variable<Scene, 0>(sample.ks_at_view), s.ko, bf_at_view,
                                       variable<Scene, 0>(sample.sob_at_view), variable<Scene, 0>(sample.sof_at_view)};
    Beam<LayerT, Scene> sun_at_view = lift<LayerT, 2>(beam_in(leaf.medium, s_at_view.ks, bf_at_view));
    LayerT w_at_view = lift<LayerT, 2>(bidirectional(leaf.medium, s_at_view));
    Layer<LayerT> from_view = layer_under_sun<S::LENGTH>(canopy.medium, fluxes, sun_at_view, canopy.view, view, w_at_view, sample.from_view);
#if MEASURED_SKY
    Scene sky_at_view = sky;
#else
    Scene sky_at_view = variable<Scene, 0>(sample.sky_at_view);
#endif
    Forest to_sun = mixed(over_soil(lift<Forest, S::CROWN_TO_FOREST>(from_sun), under), sky);
    Forest to_view = mixed(over_soil(lift<Forest, S::CROWN_TO_FOREST>(from_view), under), sky_at_view);
#endif
    Forest through = to_sun * to_view;
    Forest crown = times(offset(-through, L(1)), variable<Scene, 0>(sample.crown_weight));
    Forest ground = plus(times(through, variable<Scene, 0>(sample.fcd)) + times(to_view, variable<Scene, 0>(sample.fcs)) +
                             times(to_sun, variable<Scene, 0>(sample.fod)),
                         variable<Scene, 0>(sample.fos));
    Forest total = deep * crown + under * ground;
    // linear in the weights of FLIM
    L of_ground = muladd(sample.fcd.s, through.v, muladd(sample.fcs.s, to_view.v, muladd(sample.fod.s, to_sun.v, sample.fos.s)));
    L to_fc = muladd(deep.v, (L(1) - through.v) * sample.crown_weight.s, under.v * of_ground);
#endif
    out.terms[0] = total.v;
    if constexpr (Forest::P == 4) {
        out.terms[1] = muladd(-(total.d[1] / sample.n), absorption, total.d[0]);
        out.terms[2] = total.d[3];
        out.terms[3] = total.d[2];
        out.terms[4] = to_fc;
        out.terms[5] = total.d[1];
    } else if constexpr (Forest::P == 1) {
        out.terms[0] = total.d[0];
    }
    return out;
}
