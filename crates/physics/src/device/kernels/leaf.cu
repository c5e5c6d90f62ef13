// PROSPECT: a stack of N absorbing plates. In step with src/leaf/plates.rs, where the formulas stand.

template <class L> struct Plate { L outer, into, out_of, inside; };

template <class L, int P>
SPECTRAL void stack_of_plates(const Plate<L> &plate, OF n, OF k, Dual<L, P> &rho, Dual<L, P> &tau, Dual<L, P> &absorptance) {
    typedef Dual<L, P> T;
    const L one = L(1);
    T absorbed_once, crossed = plate_transmissivity(k, absorbed_once);

    T u = scale(crossed, plate.inside);
    T u_plus_1 = offset(u, one);
    T inverse_d = recip(u_plus_1 * offset(-u, one));
    T crossing = scale(crossed, plate.out_of) * inverse_d;
    T t_top = scale(crossing, plate.outer), t = scale(crossing, plate.into);
    T r_top = offset(u * t_top, one - plate.outer);
    T r = offset(u * t, one - plate.into);
    absorbed_once = absorbed_once * u_plus_1 * inverse_d;
    T absorbed = scale(absorbed_once, plate.into);

    T d = r - t;
    T plus_d = offset(d, one), minus_d = offset(-d, one);
    T absorbed_plus = absorbed * plus_d, absorbed_minus = absorbed * minus_d;
    T delta = root(offset(r + t, one) * absorbed_minus * plus_d);
    T half_inverse_rt = scale(recip(r * t), L(0.5));
    T a_minus_1 = (absorbed_minus + delta) * t * half_inverse_rt;
    T b_minus_1 = (absorbed_plus + delta) * r * half_inverse_rt;

    T inverse_b_minus_1 = e_to_less_1(-(offset(n, -one) * ln_1_plus(b_minus_1)));
    T lost = -(inverse_b_minus_1 * offset(inverse_b_minus_1, L(2)));
    T a = offset(a_minus_1, one);
    T a2_minus_1 = a_minus_1 * offset(a, one);
    T a_lost = a * lost;
    T share = t_top * recip(a2_minus_1 + lost - r * a_lost);

    rho = r_top + share * t * a_lost;
    tau = share * offset(inverse_b_minus_1, one) * a2_minus_1;
    T between = inverse_b_minus_1 * a_minus_1 * (inverse_b_minus_1 - a_minus_1);
    absorptance = fused(share, fused(a_lost, absorbed, between), scale(absorbed_once, plate.outer));
}
