import Foundation
import NCTEngine

/// What the red cells of one smear have in common.
struct RedCellStyle {
    /// Share of cells with spikes.
    var crenation: Float
    /// Spread of sizes and of shapes.
    var variety: Float
    /// How much paler the middles are.
    var pallor: Float

    init(using generator: inout SeededGenerator) {
        crenation = Float.random(in: 0..<1, using: &generator) < 0.08 ? 0.35 : 0.02
        variety = Float.random(in: 0.6...1.3, using: &generator)
        pallor = Float.random(in: 0.5...0.95, using: &generator)
    }
}

extension RedCell {
    /// A random red cell, not yet placed.
    init(diameter: Float, style: RedCellStyle, using generator: inout SeededGenerator) {
        func random(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &generator) }
        let isCrenated = random(0...1) < style.crenation
        let spikes = isCrenated ? (count: Int(random(11...17)), height: random(0.06...0.13)) : nil
        let outline = Outline(amplitude: style.variety * random(0.03...0.13), spikes: spikes, using: &generator)
        self.init(
            x: 0, y: 0, radius: diameter / 2 * (1 + style.variety * random(-0.13...0.13)),
            stretch: 1 + style.variety * random(0...0.7) * random(0...0.8), angle: random(0...(2 * .pi)),
            outline: outline, pallor: style.pallor * random(0.2...1.0), pallorRadius: random(0.3...0.66),
            pallorCenter: (random(-0.1...0.1), random(-0.1...0.1)), strength: random(0.85...1.12),
            softness: random(0.035...0.09), seed: generator.next())
    }
}

extension WhiteCell {
    /// A random white cell, not yet placed.
    init(kind: WhiteCellKind, diameter: Float, using generator: inout SeededGenerator) {
        func random(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &generator) }
        // Diameter in red cells, and how ragged the outline is.
        let (size, roughness): (Float, Float) =
            switch kind {
            case .segmentedNeutrophil, .bandNeutrophil: (random(1.65...2.05), 0.14)
            case .eosinophil: (random(1.7...2.05), 0.14)
            case .basophil: (random(1.5...1.8), 0.09)
            case .lymphocyte: (random(1.25...1.55), 0.08)
            case .monocyte: (random(1.9...2.3), 0.34)
            case .other: (random(1.7...2.15), 0.13)
            }
        let nucleus = Nucleus(of: kind, using: &generator)
        var vacuoles: [(u: Float, v: Float, radius: Float)] = []
        if kind == .monocyte {
            for _ in 0..<Int(random(6...22)) {
                let (away, turn) = (random(0.45...0.9), random(0...(2 * .pi)))
                vacuoles.append((away * cosf(turn), away * sinf(turn), random(0.03...0.1)))
            }
        }
        var nucleoli: [(u: Float, v: Float, radius: Float)] = []
        if kind == .other {
            for _ in 0..<Int(random(1...3.99)) {
                nucleoli.append((random(-0.3...0.4), random(-0.4...0.4), random(0.09...0.16)))
            }
        }
        self.init(
            kind: kind, x: 0, y: 0, radius: diameter / 2 * size, angle: random(0...(2 * .pi)),
            outline: Outline(amplitude: roughness, using: &generator), nucleus: nucleus, vacuoles: vacuoles,
            nucleoli: nucleoli, strength: random(0.92...1.08), seed: generator.next())
    }
}

extension Platelet {
    /// A random platelet, not yet placed.
    init(diameter: Float, using generator: inout SeededGenerator) {
        self.init(
            x: 0, y: 0, radius: diameter * Float.random(in: 0.14...0.23, using: &generator),
            stretch: Float.random(in: 1...1.5, using: &generator),
            angle: Float.random(in: 0...(2 * .pi), using: &generator),
            outline: Outline(amplitude: 0.2, using: &generator), seed: generator.next())
    }
}
