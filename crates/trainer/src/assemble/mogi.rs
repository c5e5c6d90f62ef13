//! Mogi's source with the stations of the channels.

use super::selected::Selected;
use crate::TrainerError;
use crate::config::CheckedMogi;
use physics::{Mogi, Station};

const M_PER_KM: f64 = 1e3;

/// The model whose outputs are the channels: its stations stand in the order in which the channels first
/// name them, and stations without a channel are left out.
pub(super) fn build(
    mogi: &CheckedMogi,
    channels: &[String],
) -> Result<Selected<Mogi>, TrainerError> {
    let mut stations: Vec<Station> = Vec::new();
    for name in channels.iter().filter_map(|it| Mogi::station_of(it)) {
        if stations.iter().any(|station| station.name == name) {
            continue;
        }
        // a channel of an unknown station is refused by `Selected`, which names it
        if let Some((_, position)) = mogi.stations.0.iter().find(|(known, _)| known == name) {
            stations.push(Station {
                name: name.to_owned(),
                x_m: position.x_east_km * M_PER_KM,
                y_m: position.y_north_km * M_PER_KM,
            });
        }
    }
    let model = Mogi::new(stations, mogi.poisson_ratio)?;
    Ok(Selected::new(model, channels)?)
}
