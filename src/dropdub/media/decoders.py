"""The decoders that dropped files may use, and the largest picture that they may decode.

ffmpeg has five hundred decoders, many of them for obscure games and cameras and rarely reviewed: each adds attack
surface. The list covers films, phones, recorders, cameras, meetings and broadcasts. Nothing else is decoded.
"""

from __future__ import annotations

_SOUNDS = """
aac aac_fixed aac_latm ac3 ac3_fixed eac3 dca truehd mlp s302m
mp1 mp1float mp2 mp2float mp3 mp3float mp3adu mp3adufloat als
opus libopus vorbis libvorbis speex libspeex flac alac ape tta tak wavpack
amrnb libopencore_amrnb amrwb libopencore_amrwb gsm libgsm gsm_ms libgsm_ms ilbc g729 g723_1 qcelp evrc
g722 g726 g726le truespeech dss_sp nellymoser sbc aptx aptx_hd
wmav1 wmav2 wmapro wmavoice wmalossless
cook sipr ralf real_144 real_288 atrac3 atrac3plus qdm2 qdmc mace3 mace6 dvaudio
adpcm_ms adpcm_ima_wav adpcm_ima_qt adpcm_swf adpcm_yamaha adpcm_ct adpcm_sbpro_2 adpcm_sbpro_3 adpcm_sbpro_4
pcm_alaw pcm_mulaw pcm_bluray pcm_dvd pcm_f16le pcm_f24le pcm_f32be pcm_f32le pcm_f64be pcm_f64le
pcm_s8 pcm_s8_planar pcm_s16be pcm_s16be_planar pcm_s16le pcm_s16le_planar pcm_s24be pcm_s24daud pcm_s24le
pcm_s24le_planar pcm_s32be pcm_s32le pcm_s32le_planar pcm_s64be pcm_s64le
pcm_u8 pcm_u16be pcm_u16le pcm_u24be pcm_u24le pcm_u32be pcm_u32le
"""
_PICTURES = """
h261 h263 h263i h263p h264 hevc vvc av1 libdav1d libaom-av1 vp3 vp5 vp6 vp6a vp6f vp7 vp8 libvpx vp9 libvpx-vp9 theora
mpeg1video mpeg2video mpegvideo mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4 wmv1 wmv2 wmv3 vc1 flv svq1 svq3 rv10 rv20 rv30 rv40
prores dnxhd cfhd dvvideo mjpeg jpeg2000 rawvideo v210 r210 r10k ffv1 huffyuv ffvhuff utvideo lagarith magicyuv hap
cinepak indeo3 indeo4 indeo5 msvideo1 msrle qtrle rpza smc camstudio camtasia tscc2 g2m mss1 mss2 vmnc zmbv
flashsv flashsv2 fraps png bmp
"""
_SUBTITLES = "ass ssa srt subrip mov_text text webvtt dvbsub dvdsub pgssub"

DECODERS = tuple(f"{_SOUNDS} {_PICTURES} {_SUBTITLES}".split())
"""ffmpeg's decoder names. PNG, BMP and JPEG are for covers; GIFs and image sequences are not recordings."""

CODEC_WHITELIST = ",".join(DECODERS)

MOST_PIXELS = 100_000_000
"""Pixels per picture. Cinema 8K has 35 million, the largest cameras' 12K 80 million. Each pixel takes 1.5 bytes or
more, and a dozen frames are held at once. At ffmpeg's own limit, 16,384 x 16,384, one frame blocks a machine for
minutes."""

DECODING_OPTIONS = {"codec_whitelist": CODEC_WHITELIST, "max_pixels": str(MOST_PIXELS)}


def may_decode(name: str) -> bool:
    """Return whether the decoder of this name is on the list."""
    return name in _LISTED


_LISTED = frozenset(DECODERS)
