import Foundation
import Jobs
import NCTEngine
import Testing

@Suite struct LightDriftTests {
    /// A light that falls by a share from the left to the right.
    private func field(
        falls share: Float, width: Int = 640, height: Int = 480, error: Float = 0.002
    ) throws -> FlatField {
        let (columns, rows) = (64, 64 * height / width)
        var values: [Float] = []
        for _ in 0..<rows {
            for column in 0..<columns {
                let value = 1 + share * (0.5 - (Float(column) + 0.5) / Float(columns))
                values += [value, value, value]
            }
        }
        return try FlatField(
            width: columns, height: rows, values: values, captureWidth: width, captureHeight: height, captures: 30,
            background: 0.5, error: Array(repeating: error, count: 3), drift: Array(repeating: 0, count: 15))
    }

    @Test("The same light stands, and so does one that differs by less than the bound or than its error")
    func same() throws {
        let light = try field(falls: 0.4)
        #expect(LightDrift.between(light, light) == nil)
        #expect(LightDrift.between(light, try field(falls: 0.45)) == nil)
        #expect(LightDrift.between(light, try field(falls: 0.6, error: 0.05)) == nil)
        #expect(LightDrift.decision(known: [light], learned: [light]) == nil)
        #expect(LightDrift.decision(known: [light], learned: []) == nil)
    }

    @Test("Another light takes its place, and the difference is told")
    func moved() throws {
        let (old, new) = (try field(falls: 0.4), try field(falls: -0.4))
        let change = try #require(LightDrift.between(old, new))
        // The logarithm of (1 + 0.4 x) / (1 - 0.4 x), x even from -0.5 to 0.5: about 0.8 x, of which 0.23 remains.
        #expect(abs(change - 0.23) < 0.01)
        let decision = try #require(LightDrift.decision(known: [old], learned: [new]))
        #expect(decision.lights == [new] && decision.change == change)
    }

    @Test("Captures of other proportions have a light of their own, and it stays while none come")
    func proportions() throws {
        let (wide, square) = (try field(falls: 0.4), try field(falls: 0.4, width: 480, height: 480))
        let added = try #require(LightDrift.decision(known: [wide], learned: [square]))
        #expect(added.lights == [square, wide] && added.change == nil)
    }
}
