//! Optimal splits of a series into segments of constant mean (PELT, Killick, Fearnhead and Eckley 2012).

use std::collections::BTreeSet;

/// Points of a window in which splits are looked for.
const WINDOW: usize = 1_000;

/// The first index of every segment but the first, for the segmentation that minimises the sum of squared distances
/// from the segment means plus `penalty` for every split. Segments have at least `shortest` ≥ 1 points.
///
/// Without splits to prune by, the time grows with the square of the length. So in a long series every split is first looked
/// for in windows, each of which overlaps the next by half, and the optimum is then taken over what was found there.
pub fn pelt(values: &[f64], penalty: f64, shortest: usize) -> Vec<usize> {
    if values.len() <= 2 * WINDOW {
        return optimum(values, penalty, shortest, |_| true);
    }
    let mut candidates = BTreeSet::new();
    for from in (0..values.len() - WINDOW / 2).step_by(WINDOW / 2) {
        let part = &values[from..(from + WINDOW).min(values.len())];
        candidates.extend(optimum(part, penalty, shortest, |_| true).iter().map(|at| from + at));
    }
    optimum(values, penalty, shortest, |start| candidates.contains(&start))
}

/// The optimum over the splits that are allowed.
fn optimum(
    values: &[f64],
    penalty: f64,
    shortest: usize,
    allowed: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let n = values.len();
    if n < 2 * shortest {
        return Vec::new();
    }
    let sums = Sums::new(values);
    // best[t]: the least cost of the first t points; last[t]: where the last segment of that optimum begins.
    let mut best = vec![f64::INFINITY; n + 1];
    let mut last = vec![0; n + 1];
    best[0] = -penalty;
    let mut starts: Vec<usize> = vec![0];
    let mut costs: Vec<f64> = Vec::new();
    for t in shortest..=n {
        costs.clear();
        costs.extend(starts.iter().map(|start| best[*start] + sums.cost(*start, t)));
        let (at, least) =
            costs.iter().enumerate().fold((0, f64::INFINITY), |(at, least), (i, cost)| {
                if *cost < least { (i, *cost) } else { (at, least) }
            });
        best[t] = least + penalty;
        last[t] = starts[at];
        // A start that is worse than the optimum by more than the penalty can never be the best again.
        let mut kept = costs.iter().map(|cost| *cost <= best[t]);
        starts.retain(|_| kept.next().unwrap_or(true));
        // The next t may end a segment that starts here.
        if t + 1 >= 2 * shortest && allowed(t + 1 - shortest) {
            starts.push(t + 1 - shortest);
        }
    }
    let mut splits = Vec::new();
    let mut t = n;
    while last[t] > 0 {
        splits.push(last[t]);
        t = last[t];
    }
    splits.reverse();
    splits
}

/// Running sums, so that the cost of any segment takes constant time.
struct Sums {
    sum: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn new(values: &[f64]) -> Self {
        // Around the mean, so that large values do not drown their differences.
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (mut sum, mut squares) = (vec![0.0], vec![0.0]);
        for (i, value) in values.iter().enumerate() {
            let v = value - mean;
            sum.push(sum[i] + v);
            squares.push(squares[i] + v * v);
        }
        Self { sum, squares }
    }

    /// Sum of squared distances from the mean of the points from `start` up to, without, `end`.
    fn cost(&self, start: usize, end: usize) -> f64 {
        let sum = self.sum[end] - self.sum[start];
        self.squares[end] - self.squares[start] - sum * sum / (end - start) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_step_is_split_where_it_is() {
        let mut values = vec![0.0; 20];
        values[12..].iter_mut().for_each(|v| *v = 5.0);
        assert_eq!(pelt(&values, 4.0, 3), [12]);
        values[16..].iter_mut().for_each(|v| *v = -3.0);
        assert_eq!(pelt(&values, 4.0, 3), [12, 16]);
    }

    #[test]
    fn nothing_is_split_that_is_too_short_or_flat() {
        assert_eq!(pelt(&[0.0, 9.0, 0.0, 9.0, 0.0], 1.0, 3), Vec::<usize>::new());
        assert_eq!(pelt(&[1.0; 50], 1.0, 3), Vec::<usize>::new());
    }
}
