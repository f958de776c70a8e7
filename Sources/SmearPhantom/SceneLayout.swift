import Foundation
import NCTEngine

/// Where the cells of a scene lie, and what each looks like: decided from the seed before anything is drawn.
struct SceneLayout: Sendable {
    var redCells: [RedCell] = []
    var whiteCells: [WhiteCell] = []
    var platelets: [Platelet] = []

    init(redCells: [RedCell] = [], whiteCells: [WhiteCell] = [], platelets: [Platelet] = []) {
        self.redCells = redCells
        self.whiteCells = whiteCells
        self.platelets = platelets
    }

    /// Places white cells first, then red cells around them, then platelets in the gaps. A cell that finds no room
    /// after some attempts is left out, but for the first white cell.
    init(seed: UInt64, width: Int, height: Int, options: SceneOptions) {
        var generator = SeededGenerator(seed: seed)
        var places = Places(width: Float(width), height: Float(height))
        let diameter = options.diameter(width: width, height: height)
        let squares = Double(width * height) / Double(diameter * diameter)
        let ordinary = max(1, Int((squares / 30).rounded()))

        let kinds = options.whiteCellKinds.shuffled(using: &generator)
        let whiteCount = options.whiteCellCount ?? ordinary
        precondition(whiteCount == 0 || !kinds.isEmpty, "white cells need at least one kind")
        for index in 0..<max(0, whiteCount) {
            var cell = WhiteCell(kind: kinds[index % kinds.count], diameter: diameter, using: &generator)
            guard places.put(&cell, isFirst: index == 0, using: &generator) else { continue }
            whiteCells.append(cell)
        }

        let smear = RedCellStyle(using: &generator)
        let area = Double(diameter * diameter) * .pi / 4 * 0.95
        let redCount = options.redCellCount ?? Int(options.redCellDensity * Double(width * height) / area * 1.25)
        for _ in 0..<max(0, redCount) {
            var cell = RedCell(diameter: diameter, style: smear, using: &generator)
            let mayOverlap = Double.random(in: 0..<1, using: &generator) < options.overlap
            guard places.put(&cell, mayOverlap: mayOverlap, using: &generator) else { continue }
            redCells.append(cell)
        }

        let plateletCount =
            options.plateletCount
            ?? (0..<ordinary).reduce(0) { sum, _ in sum + Int.random(in: 0...2, using: &generator) }
        for _ in 0..<max(0, plateletCount) {
            var platelet = Platelet(diameter: diameter, using: &generator)
            guard places.put(&platelet, using: &generator) else { continue }
            platelets.append(platelet)
        }
    }
}
