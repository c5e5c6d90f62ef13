//! Parameters by name: walking, counting, copying out and in, storing as safetensors.

use crate::{Backend, Matrix, NnError, Scalar, to_host};
use dfdx::prelude::*;
use safetensors::tensor::{SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};

/// A layer or model that can name its parameters, always in the same order.
pub trait Named<E: Scalar, D: Backend<E>> {
    /// Calls `f` with each parameter and its name under `prefix`.
    fn visit<'a>(&'a self, prefix: &str, f: &mut dyn FnMut(String, &'a Matrix<E, D>));
    /// Calls `f` with each parameter, to be changed, and its name under `prefix`.
    fn visit_mut<'a>(&'a mut self, prefix: &str, f: &mut dyn FnMut(String, &'a mut Matrix<E, D>));
}

/// `prefix.name`, or `name` where there is no prefix.
pub fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// All parameters with their names.
pub fn parameters<E: Scalar, D: Backend<E>>(
    model: &impl Named<E, D>,
) -> Vec<(String, &Matrix<E, D>)> {
    let mut all = vec![];
    model.visit("", &mut |name, matrix| all.push((name, matrix)));
    all
}

/// All parameters with their names, to be changed.
pub fn parameters_mut<E: Scalar, D: Backend<E>>(
    model: &mut impl Named<E, D>,
) -> Vec<(String, &mut Matrix<E, D>)> {
    let mut all = vec![];
    model.visit_mut("", &mut |name, matrix| all.push((name, matrix)));
    all
}

/// Number of trainable numbers.
pub fn count<E: Scalar, D: Backend<E>>(model: &impl Named<E, D>) -> usize {
    parameters(model)
        .iter()
        .map(|(_, m)| m.shape().num_elements())
        .sum()
}

/// A tensor on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor<E> {
    /// Sizes of its dimensions.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<E>,
}

/// Key of the text in a file's metadata.
const TEXT: &str = "text";

/// Tensors on the host by name.
pub type HostTensors<E> = BTreeMap<String, HostTensor<E>>;

/// Copies all parameters to the host. Shapes are rows × columns; a bias is 1 × n.
pub fn to_host_tensors<E: Scalar, D: Backend<E>>(model: &impl Named<E, D>) -> HostTensors<E> {
    parameters(model)
        .into_iter()
        .map(|(name, m)| {
            let (rows, columns) = *m.shape();
            (
                name,
                HostTensor {
                    shape: vec![rows, columns],
                    values: to_host(m),
                },
            )
        })
        .collect()
}

/// Sets all parameters from the host; nothing is changed if one does not fit.
///
/// # Errors
/// A parameter is missing, unknown or of another shape.
pub fn load_host_tensors<E: Scalar, D: Backend<E>>(
    model: &mut impl Named<E, D>,
    tensors: &HostTensors<E>,
) -> Result<(), NnError> {
    let mut known = BTreeMap::new();
    for (name, m) in parameters(model) {
        let (rows, columns) = *m.shape();
        known.insert(name, vec![rows, columns]);
    }
    for (name, expected) in &known {
        let found = tensors
            .get(name)
            .ok_or_else(|| NnError::MissingParameter { name: name.clone() })?;
        if found.shape != *expected || found.values.len() != expected.iter().product::<usize>() {
            return Err(NnError::ParameterShape {
                name: name.clone(),
                found: found.shape.clone(),
                expected: expected.clone(),
            });
        }
    }
    if let Some(name) = tensors.keys().find(|name| !known.contains_key(*name)) {
        return Err(NnError::UnknownParameter { name: name.clone() });
    }
    for (name, m) in parameters_mut(model) {
        m.copy_from(&tensors[&name].values);
    }
    Ok(())
}

/// Tensors and a text of any form as the bytes of a safetensors file; equal input gives equal bytes.
///
/// # Errors
/// A tensor's shape does not fit its values.
pub fn to_safetensors<E: Scalar>(tensors: &HostTensors<E>, text: &str) -> Result<Vec<u8>, NnError> {
    let refused = |e: safetensors::SafeTensorError| NnError::Safetensors(e.to_string());
    let bytes: Vec<_> = tensors
        .iter()
        .map(|(name, t)| (name, &t.shape, E::to_bytes(&t.values)))
        .collect();
    let mut views = vec![];
    for (name, shape, data) in &bytes {
        let view = TensorView::new(E::SAFETENSORS, (*shape).clone(), data).map_err(refused)?;
        views.push((name.as_str(), view));
    }
    // one entry only: safetensors keeps metadata in a hash map, whose order is not ours
    let metadata = HashMap::from([(TEXT.to_owned(), text.to_owned())]);
    safetensors::serialize(views, Some(metadata)).map_err(refused)
}

/// Inverse of [`to_safetensors`].
///
/// # Errors
/// The bytes are no safetensors file or hold another number type.
pub fn from_safetensors<E: Scalar>(bytes: &[u8]) -> Result<(HostTensors<E>, String), NnError> {
    let refused = |e: safetensors::SafeTensorError| NnError::Safetensors(e.to_string());
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(refused)?;
    let text = metadata
        .metadata()
        .as_ref()
        .and_then(|m| m.get(TEXT).cloned())
        .unwrap_or_default();
    let file = SafeTensors::deserialize(bytes).map_err(refused)?;
    let mut tensors = HostTensors::new();
    for (name, view) in file.tensors() {
        if view.dtype() != E::SAFETENSORS {
            return Err(NnError::Safetensors(format!(
                "{name} holds {:?}, expected {:?}",
                view.dtype(),
                E::SAFETENSORS
            )));
        }
        let values = E::from_bytes(view.data());
        tensors.insert(
            name,
            HostTensor {
                shape: view.shape().to_vec(),
                values,
            },
        );
    }
    Ok((tensors, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> HostTensors<f64> {
        let tensor = |shape: &[usize], first: f64| HostTensor {
            shape: shape.to_vec(),
            values: (0..shape.iter().product())
                .map(|i| first + f64::from(i as u32))
                .collect(),
        };
        BTreeMap::from([
            ("b.weight".to_owned(), tensor(&[2, 3], 0.5)),
            ("a.bias".to_owned(), tensor(&[1, 2], -1.0)),
        ])
    }

    #[test]
    fn safetensors_round_trip_to_the_byte() {
        let bytes = to_safetensors(&two(), "{\"epoch\": 3}").unwrap();
        assert_eq!(bytes, to_safetensors(&two(), "{\"epoch\": 3}").unwrap());
        let (tensors, text) = from_safetensors::<f64>(&bytes).unwrap();
        assert_eq!((tensors, text.as_str()), (two(), "{\"epoch\": 3}"));
    }

    #[test]
    fn a_damaged_or_foreign_file_is_an_error() {
        let bytes = to_safetensors(&two(), "").unwrap();
        assert!(from_safetensors::<f64>(&bytes[..bytes.len() - 1]).is_err());
        assert!(from_safetensors::<f32>(&bytes).is_err());
        assert!(from_safetensors::<f64>(b"PK\x03\x04").is_err());
    }
}
