"""What an applicant is told to do better when a check fails."""

from domain.identity import Way
from domain.text import Bilingual

UNREADABLE = Bilingual(
    zh="视频无法读取，请用 WebM 或 MP4 格式重新录制后再上传。",
    en="The clip cannot be read. Record it again as WebM or MP4.",
)
TOO_LARGE = Bilingual(
    zh="视频超过 20 MB，请录制短一些后再上传。",
    en="The clip is larger than 20 MB. Record a shorter one.",
)
TOO_SHORT = Bilingual(
    zh="视频太短，请做完屏幕上要求的内容后再停止录制。",
    en="The clip is too short. Do all that the screen asks before you stop recording.",
)
TOO_LONG = Bilingual(
    zh="视频超过 15 秒，请重新录制，做完屏幕上要求的内容即可停止。",
    en="The clip is longer than 15 seconds. Record again, and stop once you have done what the screen asks.",
)
TOO_SMALL = Bilingual(
    zh="视频画面太小，请用更高的分辨率录制（短边至少 240 像素）。",
    en="The picture is too small. Record with at least 240 pixels on the short side.",
)
TOO_MUCH = Bilingual(
    zh="视频分辨率或帧率过高，请降低后重新录制（不超过 1080p、60 帧）。",
    en="The clip has too many pixels or frames. Record again at 1080p and 60 frames a second or less.",
)
TRUNCATED = Bilingual(
    zh="视频没有传完整，请重新上传；仍然不行时请重新录制。",
    en="The clip did not arrive whole. Upload it again; if that does not help, record it again.",
)
DAMAGED = Bilingual(
    zh="视频文件已损坏，请重新录制。",
    en="The clip is damaged. Please record it again.",
)
NO_PICTURE = Bilingual(
    zh="文件中只有声音、没有画面，请允许使用摄像头后重新录制。",
    en="There is sound but no picture. Allow the camera and record again.",
)
NO_FRAMES = Bilingual(
    zh="视频中没有可用的画面，请重新录制。",
    en="The clip holds no usable picture. Please record it again.",
)
CODEC = Bilingual(
    zh="暂不支持这种视频编码，请在本页面直接录制；或在手机相机设置中选择“兼容性最佳”（H.264）后再录。",
    en="This kind of video cannot be opened. Record on this page, or set the phone's camera to “Most Compatible” (H.264).",
)
TOO_SLOW = Bilingual(
    zh="视频画面不连贯（每秒不足 10 帧），请到明亮处、关闭其他应用后重新录制。",
    en="The picture stutters (under 10 frames a second). Go to a brighter place, close other apps and record again.",
)
TIMES = Bilingual(
    zh="视频的时间信息错乱，请在本页面重新录制。",
    en="The clip's time stamps are out of order. Please record it again on this page.",
)
# By the name of what is wrong with a clip (containers.Fault).
CLIP: dict[str, Bilingual] = {
    "unreadable": UNREADABLE, "truncated": TRUNCATED, "damaged": DAMAGED, "no_picture": NO_PICTURE, "no_frames": NO_FRAMES, "codec": CODEC,
    "too_large": TOO_LARGE, "too_short": TOO_SHORT, "too_long": TOO_LONG, "too_small": TOO_SMALL, "too_much": TOO_MUCH,
    "too_slow": TOO_SLOW, "times": TIMES,
}  # fmt: skip
NO_FACE = Bilingual(
    zh="视频中没有看到清晰的正面人脸，请面向镜头、光线充足，让脸部占满椭圆框。",
    en="No clear face was seen. Face the camera in good light and fill the oval.",
)
SMALL_FACE = Bilingual(
    zh="人脸离镜头太远，请靠近一些，让脸部占满椭圆框。",
    en="Your face is too far away. Come closer until it fills the oval.",
)
SEVERAL_FACES = Bilingual(
    zh="视频中出现了不止一个人，请单独一人录制。",
    en="More than one person is in the clip. Record it alone.",
)
CHANGING_FACE = Bilingual(
    zh="视频中的人脸前后不一致，请由本人一次录制完成。",
    en="The face changes during the clip. Record it yourself, in one go.",
)
OTHER_FACE = Bilingual(
    zh="视频中的人与证件照片比对不一致，请摘下口罩、墨镜和帽子，在明亮处正对镜头重新录制。",
    en="The face does not match the portrait on file. Take off mask, dark glasses and hat, and record again in good light.",
)
NO_PORTRAIT = Bilingual(
    zh="登记的证件照片无法用于比对，请到窗口现场核验身份。",
    en="The portrait on file cannot be compared. Please have your identity checked at the counter.",
)
NO_SOUND = Bilingual(
    zh="没有听到声音，请允许使用麦克风并大声读出数字。",
    en="No sound was heard. Allow the microphone and read the digits aloud.",
)
OTHER_CODE = Bilingual(
    zh="没有听清所读的数字，请在安静处逐个大声读出屏幕上的数字。",
    en="The digits were not understood. In a quiet place, read the digits on the screen aloud, one by one.",
)
TOO_LITTLE_MOVEMENT = Bilingual(
    zh="没有看到头部转动，请按屏幕提示把头转动得更明显一些，再回到正前方。",
    en="No movement of the head was seen. Turn it further, as the screen asks, and back to the middle.",
)
OTHER_MOVEMENT = Bilingual(
    zh="头部动作与屏幕提示不一致，请先面向镜头，再按提示的方向和顺序转动，每次都回到正前方。",
    en="The head did not move as asked. Face the camera first, then follow the directions in their order, back to the middle each time.",
)
NO_RETURN = Bilingual(
    zh="转头后没有回到正前方，请转回正前方后再停止录制。",
    en="The head did not come back to the middle. Face the camera again before you stop recording.",
)
MOVED_TOO_FAST = Bilingual(
    zh="头部转动太快或画面不清，请在明亮处慢一些转动。",
    en="The head moved too fast, or the picture is unclear. Move more slowly, in good light.",
)
NOT_A_HEAD = Bilingual(
    zh="未能确认画面中是真人头部在转动，请本人面向镜头，在明亮处慢慢转头。",
    en="We could not confirm a real head turning. Be in front of the camera yourself, in good light, and turn slowly.",
)
SEEN_BEFORE = Bilingual(
    zh="这段视频以前用过，请在本页面重新录制。",
    en="This clip has been used before. Record a new one on this page.",
)
RECORDED_BEFORE = Bilingual(
    zh="视频的时长与本次录制不符，请在本页面重新录制，不要使用事先录好的视频。",
    en="The clip's length does not fit this attempt. Record anew on this page, not with a clip made before.",
)
OTHER_CLOCK = Bilingual(
    zh="视频注明的录制时间与现在不符，请检查手机的日期和时间，再在本页面重新录制。",
    en="The clip says that it was made at another time. Check the date and time of your phone, then record anew on this page.",
)
SPLICED = Bilingual(
    zh="视频的声音和画面不连贯，请在本页面重新录制，一次录完，录制时不要离开页面。",
    en="Sound and picture do not run through. Record anew on this page, in one go, without leaving the page.",
)
LOOKS_LIKE_A_PICTURE = Bilingual(
    zh="画面看起来像是翻拍的照片或屏幕，请本人面向镜头、避开反光和背后的强光重新录制。",
    en="The picture looks like a photo or a screen. Face the camera yourself, away from reflections and strong light behind you.",
)
LOST_FACE = Bilingual(
    zh="录制中脸部离开了画面，请从开始到结束都让脸部留在椭圆框内。",
    en="Your face left the picture. Keep it in the oval from beginning to end.",
)
CUT_OFF_FACE = Bilingual(
    zh="人脸离镜头太近，部分脸部不在画面内，请退后一些，让整张脸都在椭圆框内。",
    en="Your face is too near and partly outside the picture. Move back until all of it is in the oval.",
)
DARK_FACE = Bilingual(
    zh="光线太暗，请到明亮处或打开灯，再重新录制。",
    en="It is too dark. Turn on a light or go to a brighter place, and record again.",
)
BURNT_FACE = Bilingual(
    zh="脸部光线过强，请避开直射的阳光或灯光，再重新录制。",
    en="The light on your face is too strong. Move out of direct sun or lamp light, and record again.",
)
SHADOWED_FACE = Bilingual(
    zh="脸部有一半在阴影中，请转向光源，让光线均匀照在脸上。",
    en="Your face was in shadow. Turn towards the light, so that it falls evenly on your face.",
)
BLURRED_FACE = Bilingual(
    zh="画面模糊，请擦净镜头、拿稳手机，再重新录制。",
    en="The picture is blurred. Wipe the lens, hold the phone still, and record again.",
)
COVERED_EYES = Bilingual(
    zh="眼部被遮挡，请摘下墨镜，拨开头发，让双眼清晰可见。",
    en="Your eyes are covered. Take off dark glasses and keep hair off your eyes.",
)
LIPS_HIDDEN = Bilingual(
    zh="读数字时没有看清您的嘴部，请面向镜头、不要遮挡嘴部，读完数字后再转头。",
    en="Your mouth was not seen while you read. Face the camera, keep your mouth uncovered, and turn only after the digits.",
)
LIPS_STILL = Bilingual(
    zh="没有看到您张口读数字，请面向镜头，张口大声读出数字。",
    en="Your mouth was not seen speaking. Face the camera and read the digits aloud, moving your lips.",
)
OTHER_LIPS = Bilingual(
    zh="口型与声音对不上，请本人面向镜头，在安静处清楚地读出数字。",
    en="Lips and voice did not go together. Face the camera yourself and read the digits clearly in a quiet place.",
)
# Who cannot turn the head keeps it still and moves the phone: the same failures, in words that fit.
PHONE_MOVED_TOO_LITTLE = Bilingual(
    zh="手机移动得不够，请再往箭头所指的一边多移约一掌宽，镜头一直对着脸，再移回来。",
    en="The phone was moved too little. Carry it about a hand's breadth further to the side, pointing at your face, and back.",
)
PHONE_MOVED_OTHERWISE = Bilingual(
    zh="手机移动的方向与屏幕提示不一致，请先把手机举在脸的正前方，只向箭头所指的一边移动，再移回来。",
    en="The phone did not go where the arrow showed. Begin straight in front of your face, go to that side alone, and come back.",
)
PHONE_NOT_BACK = Bilingual(
    zh="手机没有移回脸的正前方，请移回来后再停止录制。",
    en="The phone did not come back. Bring it in front of your face again before you stop recording.",
)
PHONE_MOVED_TOO_FAST = Bilingual(
    zh="手机移动太快或画面不清，请在明亮处慢一些移动。",
    en="The phone moved too fast, or the picture is unclear. Move it more slowly, in good light.",
)
PHONE_SAW_NO_HEAD = Bilingual(
    zh="未能确认镜头前是真人，请本人面向镜头，在明亮处让手机慢慢绕向脸的一侧，再移回来。",
    en="We could not confirm a real person. Be in front of the camera yourself, in good light; carry it slowly round to the side and back.",
)
PHONE_MOVED_WHILE_READING = Bilingual(
    zh="读数字时没有看清您的嘴部，请面向镜头、不要遮挡嘴部，读完数字后再移动手机。",
    en="Your mouth was not seen while you read. Face the camera, keep your mouth uncovered, and move the phone only after the digits.",
)
PHONE_BLURRED = Bilingual(
    zh="画面模糊，请擦净镜头，读数字时拿稳手机，移动时慢一些，再重新录制。",
    en="The picture is blurred. Wipe the lens, hold the phone still while you read and move it slowly, and record again.",
)
_OF_THE_PHONE: dict[Bilingual, Bilingual] = {
    TOO_LITTLE_MOVEMENT: PHONE_MOVED_TOO_LITTLE, OTHER_MOVEMENT: PHONE_MOVED_OTHERWISE, NO_RETURN: PHONE_NOT_BACK,
    MOVED_TOO_FAST: PHONE_MOVED_TOO_FAST, NOT_A_HEAD: PHONE_SAW_NO_HEAD, LIPS_HIDDEN: PHONE_MOVED_WHILE_READING,
    BLURRED_FACE: PHONE_BLURRED,
}  # fmt: skip


def in_way(reason: Bilingual, way: Way) -> Bilingual:
    """The same, said to somebody who shows themselves in this way."""
    return _OF_THE_PHONE.get(reason, reason) if way == "digits" else reason
