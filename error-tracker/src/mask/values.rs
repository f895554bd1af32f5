use super::Masking;

pub(super) fn mask(_masking: &Masking, _text: &mut String) -> bool {
    false
}
