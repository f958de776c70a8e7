import CKernelTwins
import CKernels
import NCTEngine

// The twins of `classes.c`: by the fast kernel and by its twin.
extension ClassKernels {
    static func softmax(_ map: FeatureMap) -> (fast: FeatureMap, scalar: FeatureMap) {
        both(from: map) {
            guard $0 else { return softmax(&$1, workers: Workers(threads: 2)) }
            nct_softmax_scalar(&$1.values, map.pixelCount)
        }
    }

    static func likeliest(_ map: FeatureMap) -> (fast: LabelMap<SmearClass>, scalar: LabelMap<SmearClass>) {
        both(from: LabelMap(width: map.width, height: map.height)) {
            guard $0 else { return $1 = likeliest(map, workers: Workers(threads: 2)) }
            nct_likeliest_scalar(map.values, map.pixelCount, &$1.bytes)
        }
    }

    static func posterior(
        _ prior: [Float], colors: [Float], normals: [ColorNormal?], farthest: Float, least: Float
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: prior) {
            guard $0 else {
                return $1 = posterior(
                    prior, colors: colors, normals: normals, farthest: farthest, least: least,
                    workers: Workers(threads: 2))
            }
            nct_posterior_scalar(
                prior, colors, prior.count / classCount, normals.map { $0?.bridged ?? ColorNormal.unknown },
                nct_posterior_limits(farthest: farthest, least: least), &$1)
        }
    }

    static func bothMoments(
        _ colors: ColorRows, weights: [Float], around: ColorNormal?, freedom: Float
    ) -> (fast: ColorMoments, scalar: ColorMoments) {
        var values = [Double](repeating: 0, count: 10)
        var normal = around?.bridged ?? ColorNormal.unknown
        nct_color_moments_scalar(
            colors.x, colors.y, colors.z, weights, weights.count, &normal, around == nil ? 0 : 1 / freedom, &values)
        return (moments(colors, weights: weights, around: around, freedom: freedom), ColorMoments(values))
    }
}
