import Foundation
import NCTEngine

/// How far a microscope's light moved between two times that it was learned.
public enum LightDrift {
    /// Differences up to here are none: the root mean square over the field of the logarithm of one over the other.
    public static let bound: Float = 0.02
    /// Nor are those within so many of their standard errors.
    private static let deviations: Float = 3

    /// The largest difference of a channel, as a share, that is more than ``bound`` and error explain; nil if there is none.
    public static func between(_ old: FlatField, _ new: FlatField) -> Float? {
        guard (old.width, old.height) == (new.width, new.height) else { return .infinity }
        let differences = (0..<3).map { channel -> Float in
            var sum: Float = 0
            for cell in 0..<old.width * old.height {
                let rest = log(new.values[3 * cell + channel] / old.values[3 * cell + channel])
                sum += rest * rest
            }
            return (sum / Float(old.width * old.height)).squareRoot()
        }
        let moved = zip(differences, zip(old.error, new.error)).filter { difference, errors in
            let error = (errors.0 * errors.0 + errors.1 * errors.1).squareRoot()
            return difference > max(bound, deviations * error)
        }
        return moved.map(\.0).max()
    }

    /// The lights in force once these were learned, and how far one of them moved; nil if the known ones stand.
    ///
    /// A light of proportions that no new capture has stays.
    public static func decision(
        known: [FlatField], learned: [FlatField]
    ) -> (lights: [FlatField], change: Float?)? {
        var change: Float?
        var isOther = false
        for field in learned {
            guard let old = known.first(where: { $0.fits(width: field.captureWidth, height: field.captureHeight) })
            else {
                isOther = true
                continue
            }
            if let moved = between(old, field) { change = max(change ?? 0, moved) }
        }
        guard isOther || change != nil else { return nil }
        let left = known.filter { old in
            !learned.contains { old.fits(width: $0.captureWidth, height: $0.captureHeight) }
        }
        return (learned + left, change)
    }
}
