import Foundation
import NCTEngine

/// A closed curve around a center: its radius in every direction, about 1.
struct Outline: Sendable {
    private static let steps = 256
    private let radii: [Float]
    /// The greatest radius.
    let reach: Float

    /// A circle with `amplitude / k` of its harmonics k = 2…6, and optionally a row of small spikes (crenation).
    init(amplitude: Float, spikes: (count: Int, height: Float)? = nil, using generator: inout SeededGenerator) {
        var radii = [Float](repeating: 1, count: Self.steps + 1)
        for k in 2...6 {
            let phase = Float.random(in: 0..<2 * .pi, using: &generator)
            let height = amplitude * Float.random(in: 0.2...1, using: &generator) / Float(k)
            for step in 0..<Self.steps { radii[step] += height * cosf(Float(k) * Self.angle(step) + phase) }
        }
        if let spikes {
            let phase = Float.random(in: 0..<2 * .pi, using: &generator)
            for step in 0..<Self.steps {
                let wave = 0.5 + 0.5 * cosf(Float(spikes.count) * Self.angle(step) + phase)
                radii[step] += spikes.height * (wave * wave - 0.375)
            }
        }
        radii[Self.steps] = radii[0]
        self.radii = radii
        reach = radii.max()!
    }

    private static func angle(_ step: Int) -> Float { Float(step) * 2 * .pi / Float(steps) }

    /// The radius toward a point.
    @inline(__always)
    func radius(toward u: Float, _ v: Float) -> Float {
        let turn = (atan2f(v, u) / (2 * .pi) + 1) * Float(Self.steps)
        let place = turn.truncatingRemainder(dividingBy: Float(Self.steps))
        let step = min(Self.steps - 1, Int(place))
        let share = place - Float(step)
        return radii[step] * (1 - share) + radii[step + 1] * share
    }
}
