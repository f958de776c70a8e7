import Foundation
import Jobs
import Ledger
import NCTEngine

/// Gathers one week's captures of a lab.
struct WeekTally {
    private var week: PeriodReport.Week
    private var before: [Float] = []
    private var after: [Float] = []
    private var background: [SIMD3<Float>] = []
    private var redCell: [SIMD3<Float>] = []
    private var nucleus: [SIMD3<Float>] = []
    private var light: [Float] = []
    private var work: [Float] = []

    init(_ name: String) { week = PeriodReport.Week(week: name) }

    mutating func fail() { week.failed += 1 }

    /// - Parameter milliseconds: of the work; nil for a duplicate.
    mutating func add(verdict: String?, _ sidecar: Sidecar?, milliseconds: Float?) {
        week.done += 1
        switch verdict {
        case QualityReport.Verdict.good.rawValue: week.good += 1
        case QualityReport.Verdict.doubtful.rawValue: week.doubtful += 1
        case QualityReport.Verdict.bad.rawValue: week.bad += 1
        default: break
        }
        if let milliseconds, milliseconds.isFinite { work.append(milliseconds) }
        guard let sidecar else { return }
        Self.add(sidecar.quality.paletteDistanceBefore, to: &before)
        Self.add(sidecar.quality.paletteDistanceAfter, to: &after)
        if let contents = sidecar.quality.contents {
            contents.background.colorBefore.map { background.append($0) }
            contents.redCell.colorBefore.map { redCell.append($0) }
            contents.nucleus.colorBefore.map { nucleus.append($0) }
        }
        if let ratio = sidecar.flatField?.ratio, ratio.count == 3 { Self.add(ratio[1], to: &light) }
    }

    /// A figure out of a file may be anything.
    private static func add(_ value: Float, to values: inout [Float]) { if value.isFinite { values.append(value) } }

    /// - Parameter first: the first week that has each color; filled from this one where it has none yet.
    func finished(_ first: inout FirstColors) -> PeriodReport.Week {
        var week = week
        week.paletteDistanceBefore = Self.median(before)
        week.paletteDistanceAfter = Self.median(after)
        week.background = Self.median(background)
        week.redCell = Self.median(redCell)
        week.nucleus = Self.median(nucleus)
        week.backgroundDrift = Self.drift(week.background, from: &first.background)
        week.redCellDrift = Self.drift(week.redCell, from: &first.redCell)
        week.nucleusDrift = Self.drift(week.nucleus, from: &first.nucleus)
        week.lightRatio = Self.median(light)
        week.workMilliseconds = Self.median(work)
        return week
    }

    /// What drift is told from.
    struct FirstColors {
        var background: SIMD3<Float>?
        var redCell: SIMD3<Float>?
        var nucleus: SIMD3<Float>?
    }

    private static func drift(_ color: SIMD3<Float>?, from first: inout SIMD3<Float>?) -> Float? {
        guard let color else { return nil }
        first = first ?? color
        return first.map { Float(CIEDE2000.difference($0, color)) }
    }

    private static func median(_ values: [Float]) -> Float? {
        values.isEmpty ? nil : values.selected(rank: values.count / 2)
    }

    private static func median(_ colors: [SIMD3<Float>]) -> SIMD3<Float>? {
        let sound = colors.filter { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }
        guard let lightness = median(sound.map(\.x)), let a = median(sound.map(\.y)), let b = median(sound.map(\.z))
        else { return nil }
        return SIMD3(lightness, a, b)
    }
}
