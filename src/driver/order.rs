//! The order in which two versions are measured: A B B A or B A A B, by chance, so that neither always comes first and what
//! drifts on the machine meets both alike.

/// The order of pairs, the same for the same seed.
#[derive(Debug, Clone)]
pub struct PairOrder {
    state: u64,
    /// The order of the pair that completes a block.
    next: Option<bool>,
}

impl PairOrder {
    /// An order from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, next: None }
    }

    /// Whether the second version is measured second in the next pair. Every two pairs have it once first and once second.
    pub fn is_head_second(&mut self) -> bool {
        if let Some(own) = self.next.take() {
            return own;
        }
        let first = self.random() & 1 == 0;
        self.next = Some(!first);
        first
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(seed: u64) -> Vec<bool> {
        let mut order = PairOrder::new(seed);
        (0..40).map(|_| order.is_head_second()).collect()
    }

    #[test]
    fn every_two_pairs_are_balanced_and_blocks_come_in_both_orders() {
        let pairs = pairs(7);
        assert!(pairs.chunks(2).all(|block| block[0] != block[1]));
        let first: Vec<bool> = pairs.iter().step_by(2).copied().collect();
        assert!(first.contains(&true) && first.contains(&false));
    }

    #[test]
    fn a_seed_gives_the_same_order_again() {
        assert_eq!(pairs(1), pairs(1));
        assert_ne!(pairs(1), pairs(2));
    }
}
