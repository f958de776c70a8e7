import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("A light and what it does to captures")
struct FlatFieldTests {
    private static let workers = Workers(threads: 1)

    private static func field(_ light: SyntheticLight, width: Int = 640, height: Int = 480) throws -> FlatField {
        let size = (64, 48)
        var values = light.values(width: size.0, height: size.1)
        for channel in 0..<3 {
            let cells = stride(from: channel, to: values.count, by: 3)
            let mean = cells.reduce(Float(0)) { $0 + values[$1] } / Float(size.0 * size.1)
            for cell in cells { values[cell] /= mean }
        }
        return try FlatField(
            width: size.0, height: size.1, values: values, captureWidth: width, captureHeight: height, captures: 30,
            background: 0.4, error: [0.002, 0.002, 0.002], drift: Array(repeating: 0, count: 15))
    }

    @Test("The kernel divides as its twin does")
    func kernel() {
        var generator = SeededGenerator(seed: 3)
        let samples = (0..<4099).map { _ in Float.random(in: -0.1...1.1, using: &generator) }
        let light = (0..<4099).map { _ in Float.random(in: 0.02...4, using: &generator) }
        let (fast, twin) = LightKernels.quotients(samples, light)
        #expect(zip(fast, twin).allSatisfy { abs($0 - $1) < 2e-5 })
        #expect(twin.allSatisfy { (0...1).contains($0) })
    }

    @Test("A picture in a known light divided by it is the picture again, to its rim", arguments: [0, 6, 13, 19])
    func inverse(number: Int) throws {
        let light = SyntheticLight.twenty[number]
        let field = try Self.field(light)
        for (width, height) in [(640, 480), (320, 240), (1000, 750)] {
            let gray = RGBImage(width: width, height: height, filledWith: (0.9, 0.85, 0.8))
            let result = field.applied(to: light.laid(over: gray), workers: Self.workers)
            // One color everywhere, whichever: the mean light stays.
            for channel in 0..<3 {
                let samples = stride(from: channel, to: result.samples.count, by: 3).map { result.samples[$0] }
                let (low, high) = (samples.min() ?? 0, samples.max() ?? 1)
                #expect(high - low < 0.02, "\(light), \(width)×\(height), channel \(channel): \(low) to \(high)")
            }
        }
    }

    @Test("What gets brighter than white is white, and threads do not change the result")
    func clipping() throws {
        let field = try Self.field(SyntheticLight.twenty[4])
        let image = SmearScene(seed: 3, width: 320, height: 240).render(in: .pale, noiseSeed: 1)
        let results = [1, 2, 3].map { field.applied(to: image, workers: Workers(threads: $0)) }
        #expect(results[0].samples.max() == 1 && results[0].samples.allSatisfy { (0...1).contains($0) })
        #expect(results[1] == results[0] && results[2] == results[0])
    }

    @Test("A light that stands still is every capture's own")
    func adapted() throws {
        let field = try Self.field(SyntheticLight.twenty[4])
        let image = SmearScene(seed: 3, width: 320, height: 240).render(in: .labB, noiseSeed: 1)
        #expect(field.adapted(to: try #require(LightGrid(image))) == field)
    }

    @Test("It serves captures of its proportions alone")
    func proportions() throws {
        let field = try Self.field(SyntheticLight.twenty[0])
        #expect(field.fits(width: 1280, height: 960) && field.fits(width: 641, height: 480))
        #expect(!field.fits(width: 640, height: 400) && !field.fits(width: 480, height: 640))
    }

    @Test("Below 1.25:1 light is even; from one capture alone it must be 1.5:1 and background be seen")
    func decision() throws {
        func field(ratio: Float, captures: Int, background: Float, error: Float = 0.002) throws -> FlatField {
            let low = 2 / (1 + ratio)
            let values = (0..<64 * 48).flatMap { cell -> [Float] in
                let value = cell % 64 < 32 ? low : low * ratio
                return [value, value, value]
            }
            return try FlatField(
                width: 64, height: 48, values: values, captureWidth: 640, captureHeight: 480, captures: captures,
                background: background, error: [error, error, error], drift: Array(repeating: 0, count: 15))
        }
        #expect(try !field(ratio: 1.2, captures: 50, background: 0.4).isUneven)
        #expect(try field(ratio: 1.3, captures: 50, background: 0.4).isUneven)
        #expect(try !field(ratio: 1.3, captures: 50, background: 0.4, error: 0.05).isUneven)
        #expect(try !field(ratio: 1.4, captures: 1, background: 0.4).isUneven)
        #expect(try field(ratio: 1.6, captures: 1, background: 0.4).isUneven)
        #expect(try !field(ratio: 1.6, captures: 1, background: 0.2).isUneven)
    }

    @Test("Its file gives it again, value by value")
    func coding() throws {
        let field = try Self.field(SyntheticLight.twenty[15])
        let data = try JSONEncoder().encode(field)
        #expect(try JSONDecoder().decode(FlatField.self, from: data) == field)
    }

    @Test("A file that says what no light can be is refused with the reason")
    func damaged() throws {
        let data = try JSONEncoder().encode(try Self.field(SyntheticLight.twenty[15]))
        let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let red = try #require(whole["red"] as? [Double])
        let changes: [(String, Any, String)] = [
            ("format", "poem", "poem"), ("version", 2, "version 2"), ("width", 63, "values"),
            ("height", 100_000, "grid"), ("red", Array(red.dropLast()), "different numbers"),
            ("red", red.map { $0 * 1.5 }, "mean"), ("red", red.map { $0 == red[0] ? -1 : $0 }, "out of range"),
            ("captureHeight", 200, "does not belong"), ("captures", 0, "0 captures"), ("drift", [1.0], "drift"),
            ("error", [0.1], "error"), ("background", 3, "background"),
        ]
        for (key, value, reason) in changes {
            var object = whole
            object[key] = value
            let error = #expect(throws: EngineError.self, "\(key)") {
                _ = try JSONDecoder().decode(FlatField.self, from: JSONSerialization.data(withJSONObject: object))
            }
            let message = error?.message ?? ""
            #expect(error?.code == .invalidFlatField && message.contains(reason), "\(key): \(message)")
        }
    }
}
